import { checksum, concat, icmp4, ip4, packet4, packetOf, payloadOctets, tcp4, udp4 } from '../support/frames.js'
import { readU16, u16, u32 } from '../support/octets.js'
import type { TestFrame } from './flow-frames.js'
import type { Random } from './random-frames.js'
import { LONGEST } from './test-run.js'

/* Frames of tunnels to a real server, of which anything may be odd. */

export const [RIP, DIP, VIP, CLIENT] = ['192.168.159.32', '192.168.159.20', '192.168.159.100', '203.0.113.7']
export const OTHER_VIP = '192.168.159.101'
export const GUE_PORT = 6080
const OUTER = `${DIP} > ${RIP}`
/** To the interface by which test runs come in. */
const eth = { eth: '02:00:00:00:01:10 > 00:00:00:00:00:00' }
/** The kernel makes no frames of IPv4 that are shorter. */
const SHORTEST = 34
const [IPIP, GRE, SCTP] = [4, 47, 132]
const one = <T>(random: Random, of: readonly T[]): T => of[random(of.length)]!
const words = (...of: number[]): Uint8Array => concat(...of.map(u16))

/** What stands between the outer and the inner header. */
const BETWEEN = {
  ipip: [],
  gre: [0, 0x0800],
  'gre, key': [0x2000, 0x0800, 1, 2],
  'gre, sequence': [0x1000, 0x0800, 0, 9],
  'gre, both': [0x3000, 0x0800, 1, 2, 0, 9],
  'gre, checksum': [0x8000, 0x0800, 0, 0],
  gue: [0x0004, 0],
  'gue, version 1': [],
  'gue, checksum': [0x0004, 0],
  'gue, extensions': [0x0204, 1, 0x8000, 0, 20, 36],
} as const
export type Kind = keyof typeof BETWEEN
export const KINDS = Object.keys(BETWEEN) as Kind[]

type Outer = Parameters<typeof ip4>[3]

/** A frame of a tunnel. `outer`: of its IPv4 header. */
export function tunnelFrame(kind: Kind, inner: Uint8Array, outer: Outer = {}): Uint8Array {
  const between = words(...BETWEEN[kind])
  const options = { ...eth, ...outer }
  if (kind === 'ipip') return ip4(OUTER, IPIP, inner, options)
  if (kind.startsWith('gre')) {
    const whole = concat(between, inner)
    if (kind === 'gre, checksum') whole.set(u16(checksum(whole)), 4)
    return ip4(OUTER, GRE, whole, options)
  }
  const sum = kind === 'gue, checksum' ? {} : { checksum: 0 }
  return udp4(`${DIP}:40000 > ${RIP}:${GUE_PORT}`, { payload: concat(between, inner), ...sum, ...options })
}

export const INNER = packetOf(tcp4(`${CLIENT}:40000 > ${VIP}:80`, { flags: 'PA', payload: 60 }))

/** GRE of a version that is not known here, which would pass for GUE. */
export const UNKNOWN_GRE = ip4(OUTER, GRE, concat(words(1, 0x0800, 8 + INNER.length, 0), INNER), eth)

/** A frame of a tunnel, of which anything may be odd. */
export function randomTunnelFrame(random: Random): TestFrame {
  const kind = one(random, KINDS)
  const outer = {
    ttl: random(256),
    tos: random(256),
    id: random(65_536),
    df: random(2) === 0,
    ...(random(16) === 0 && { mf: true }),
    ...(random(16) === 0 && { fragment: random(8192) }),
    ...(random(16) === 0 && { ipOptions: u32(0x01010101) }),
    ...(random(16) === 0 && { ipChecksum: random(65_536) }),
  }
  const isFollowed = random(6) === 0
  let frame = tunnelFrame(kind, concat(randomInner(random), payloadOctets(isFollowed ? 4 : 0)), outer)
  const isShort = kind.startsWith('gue') && isFollowed && outer.ipOptions === undefined
  if (isShort) frame.set(u16(readU16(frame, 38) + random(3) - 5), 38)
  if (random(12) === 0) frame.set(u16(one(random, [19, 20, 39, 40, 41, 44, 48, 51, 52, 53, frame.length - 15])), 16)
  else if (random(3) === 0) garble(random, frame)
  if (random(5) !== 0) mend(frame, 14)
  if (random(12) === 0) frame = frame.slice(0, Math.max(SHORTEST, frame.length - 1 - random(80)))
  else if (random(6) === 0) frame = concat(frame, payloadOctets(1 + random(30)))
  return { frame, gsoSize: random(20) === 0 ? 1 + random(1400) : 0 }
}

function randomInner(random: Random): Uint8Array {
  const vip = one(random, [VIP, VIP, VIP, VIP, OTHER_VIP, RIP, DIP, '127.0.0.1'])
  const payload = one(random, [0, 0, 1, 5, 11, 64, 1460, LONGEST - 120])
  const header = {
    ttl: random(256),
    tos: random(256),
    id: random(65_536),
    df: random(2) === 0,
    mf: random(8) === 0,
    fragment: random(8) === 0 ? random(8192) : 0,
    ...(random(12) === 0 && { ipOptions: u32(0x01010101) }),
    ...(random(12) === 0 && { ipChecksum: random(65_536) }),
    ...(random(12) === 0 && { totalLen: one(random, [0, 19, 20, 21, 40, 41, 1500]) }),
  }
  const from = `${CLIENT} > ${vip}`
  const ported = `${CLIENT}:40000 > ${vip}:80`
  switch (random(5)) {
    case 0:
      return packetOf(icmp4(from, { type: 8, payload, ...header }))
    case 1:
      return packet4(from, SCTP, payloadOctets(payload), header)
    case 2:
      return wholePacket(udp4(ported, { payload, ...header }))
    default:
      return wholePacket(tcp4(ported, { flags: 'A', payload, ...header }))
  }
}
/** Whatever length it says. */
const wholePacket = (frame: Uint8Array): Uint8Array => frame.slice(14)

/** Changes octets of a frame's first 90, mostly bits of them, and mostly mends the inner checksum. */
function garble(random: Random, frame: Uint8Array): void {
  for (let changes = 1 + random(2); changes > 0; changes--) {
    const at = random(90)
    if (at < frame.length) frame[at] = random(3) === 0 ? random(256) : frame[at]! ^ (1 << random(8))
  }
  const inner = innerAt(frame)
  if (random(3) !== 0 && inner + 20 <= frame.length) mend(frame, inner)
}

/** Each kind's frame with one bit of the headers not as it was, with both checksums mended, and with neither. */
export function* changedTunnelBits(): Generator<TestFrame> {
  for (const kind of KINDS) {
    const whole = tunnelFrame(kind, INNER)
    const inner = innerAt(whole)
    for (let bit = 0; bit < (inner + 20) * 8; bit++)
      for (const isMended of [true, false]) {
        const frame = whole.slice()
        frame[bit >> 3]! ^= 1 << (bit & 7)
        if (isMended) for (const at of [14, inner]) mend(frame, at)
        yield { frame, gsoSize: 0 }
      }
  }
}

/** Where the inner header is of a frame that nothing is wrong with. */
function innerAt(frame: Uint8Array): number {
  if (frame[23] === IPIP) return 34
  const flags = readU16(frame, 34)
  if (frame[23] === GRE) return 38 + [0x8000, 0x2000, 0x1000].filter(bit => flags & bit).length * 4
  return frame[42]! >>> 6 === 1 ? 42 : 46 + (frame[42]! & 31) * 4
}

function mend(frame: Uint8Array, at: number): void {
  frame.set(u16(0), at + 10)
  frame.set(u16(checksum(frame.slice(at, at + 20))), at + 10)
}

/** Why the program leaves a frame that the decapsulator would take. Undefined: it does not. */
export function whyLeft({ frame, gsoSize }: TestFrame): string | undefined {
  if (gsoSize !== 0) return 'GSO' // that of a test run is of no kind, so the kernel takes no headers off
  if (readU16(frame, 12) !== 0x0800) return 'no IPv4'
  if (frame.slice(0, 6).some(octet => octet !== 0)) return 'to another host'
  if (frame[14] !== 0x45) return 'outer options'
  if (frame[23] === GRE && frame[34]! & 0x80) return 'a checksum of GRE'
  if (frame[23] === 17 && readU16(frame, 40) !== 0) return 'a checksum of UDP'
  if (frame[23] === 17 && readU16(frame, 38) !== readU16(frame, 16) - 20) return 'octets behind UDP'
  if (frame[23] === 17 && frame[42]! >>> 6 === 0 && (frame[42] !== 0 || readU16(frame, 44) !== 0))
    return 'extensions of GUE'
  return frame[innerAt(frame)] === 0x45 ? undefined : 'inner options'
}
