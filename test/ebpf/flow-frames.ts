import { checksum, concat, payloadOctets, tcp4, udp4, unhex } from '../support/frames.js'
import { readU16, u16 } from '../support/octets.js'
import type { BenchFlow } from './flow-bench.js'
import type { Random } from './random-frames.js'
import { LONGEST } from './test-run.js'

/** A frame as it comes in, and its gso_size, 0 for a plain one. */
export interface TestFrame {
  readonly frame: Uint8Array
  readonly gsoSize: number
}

/** The kernel makes no frames of IPv4 that are shorter. */
const SHORTEST = 34
const TUNNEL_ROOM = 128
const one = <T>(random: Random, of: readonly T[]): T => of[random(of.length)]!
const FLAGS = ['A', 'A', 'A', 'A', 'PA', 'UA', 'ECA', 'FA', 'RA', 'SA', 'S', 'F', 'R', 'P', '', 'FSRPAUEC']
const TIMESTAMPS = '0101080a0102030405060708'
const OPTIONS = [
  '',
  '',
  '',
  TIMESTAMPS,
  TIMESTAMPS,
  '0101080b0102030405060708',
  '0301080a0102030405060708',
  '0101fe080a0102030405060708090a0b',
  'fe08090a0b0c0d0e00000000',
  '02040564',
  '0101050a0102030405060708',
  '01010101',
  `${TIMESTAMPS}0101050a0102030405060708`,
]

/** A frame of a flow, of which anything may be odd. `sums`: checksums by which its own comes to a limit. */
export function randomFlowFrame(random: Random, flow: BenchFlow, mtu: number, sums: readonly number[]): TestFrame {
  const { isTcp } = flow
  const tcpOptions = isTcp ? unhex(one(random, OPTIONS)) : new Uint8Array(0)
  const headers = 20 + (isTcp ? 20 + tcpOptions.length : 8)
  const isGso = random(4) === 0
  const limits = [mtu - 1, mtu, mtu + 1].map(length => length - headers)
  const payload = isGso
    ? 200 + random(LONGEST - 400)
    : one(random, [0, 0, 1, 5, 11, 12, 18, 19, 20, 37, 100, ...limits])
  const options = {
    ...flow.eth,
    payload,
    tcpOptions,
    flags: isTcp ? one(random, FLAGS) : '',
    ttl: one(random, [64, 64, 64, 64, 255, 128, 3, 2, 1, 0]),
    tos: one(random, [0, 0, 16, 255, random(256)]),
    id: random(65_536),
    df: random(2) === 0,
    ...oddChecksum(random, sums),
  }
  let frame = isTcp ? tcp4(flow.flow, options) : udp4(flow.flow, options)
  if (random(12) === 0) otherLength(random, frame, isTcp)
  else if (random(10) === 0) otherHeaderChecksum(random, frame)
  else if (random(4) === 0) garble(random, frame)
  if (random(12) === 0) frame = frame.slice(0, frame.length - 1 - random(Math.min(30, frame.length - SHORTEST)))
  else if (random(6) === 0) frame = concat(frame, payloadOctets(1 + random(one(random, [3, 40]))))
  return { frame, gsoSize: isGso ? segmentSize(random, headers, mtu, payload) : 0 }
}

function oddChecksum(random: Random, sums: readonly number[]): { checksum?: number } {
  const kind = random(8)
  if (kind === 0) return { checksum: random(65_536) }
  if (kind === 2) return { checksum: 0 }
  return kind === 1 ? { checksum: one(random, [0, 1, 0xfffe, 0xffff, ...sums]) } : {}
}

/** A gso_size about where segments no longer fit, or are no segments. */
function segmentSize(random: Random, headers: number, mtu: number, payload: number): number {
  const about = [mtu - headers, mtu - headers - TUNNEL_ROOM, payload, mtu - headers - 1000, 1 + random(1400)]
  return Math.max(1, one(random, about) + random(3) - 1)
}

/** Gives an IPv4 packet, or a TCP header, a length about a limit. */
function otherLength(random: Random, frame: Uint8Array, isTcp: boolean): void {
  if (isTcp && random(2) === 0) frame[46] = (random(16) << 4) | (frame[46]! & 15)
  else frame.set(u16(one(random, [20, 27, 28, 29, 39, 40, 41, 51, 52, 53])), 16)
  mendHeader(frame)
}

/** Has the IPv4 header checksum be one whose carries come to a limit, by the identification. */
function otherHeaderChecksum(random: Random, frame: Uint8Array): void {
  frame.set(u16(0), 18)
  mendHeader(frame)
  const wanted = one(random, [0xfeff, 0xff00, 0xffff, 0xfffe, 0xfe00, 0xff12, 0x0001])
  const missing = (~wanted & 0xffff) + readU16(frame, 24)
  frame.set(u16((missing & 0xffff) + (missing >>> 16)), 18)
  mendHeader(frame)
}

/** Changes octets of a frame's first 70, mostly bits of them, and mostly mends the IPv4 checksum. */
function garble(random: Random, frame: Uint8Array): void {
  for (let changes = 1 + random(2); changes > 0; changes--) {
    const at = random(3) === 0 ? 14 + random(56) : one(random, [12, 14, 16, 17, 20, 21, 22, 23, 24, 38, 46, 47, 54])
    if (at >= frame.length) continue
    frame[at] = random(3) === 0 ? random(256) : frame[at]! ^ (1 << random(8))
  }
  if (random(4) !== 0) mendHeader(frame)
}

/** Frames of a flow in each of which one bit of the headers is not as it was, with a right IPv4 checksum, and with the old one. */
export function* changedBits(flow: BenchFlow): Generator<TestFrame> {
  const options = { ...flow.eth, payload: 40 }
  const whole = flow.isTcp
    ? tcp4(flow.flow, { ...options, flags: 'A', tcpOptions: unhex(TIMESTAMPS) })
    : udp4(flow.flow, options)
  for (let bit = 0; bit < 66 * 8; bit++)
    for (const isMended of [true, false]) {
      const frame = whole.slice()
      frame[bit >> 3]! ^= 1 << (bit & 7)
      if (isMended) mendHeader(frame)
      yield { frame, gsoSize: 0 }
    }
}

/** Frames whose IPv4 header's sum is folded a third time, and segments behind TCP headers of all lengths. */
export function* atLimits(flow: BenchFlow): Generator<TestFrame> {
  const options = { ...flow.eth, payload: 1000 }
  const whole = flow.isTcp ? tcp4(flow.flow, { ...options, flags: 'A' }) : udp4(flow.flow, options)
  for (let [id, found] = [0, 0]; id < 65_536 && found < 2; id++) {
    whole.set(u16(id), 18)
    mendHeader(whole)
    if (!isFoldedThrice(whole)) continue
    found++
    yield { frame: whole.slice(), gsoSize: 0 }
  }
  if (!flow.isTcp) return
  for (let words = 0; words < 16; words++) {
    const frame = whole.slice()
    frame[46] = words << 4
    yield { frame, gsoSize: 500 }
  }
}
/** Of the sum of a header's 32-bit words, as a little-endian program adds them. */
function isFoldedThrice(frame: Uint8Array): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset)
  let sum = [14, 18, 22, 26, 30].reduce((so, at) => so + view.getUint32(at, true), 0)
  sum = (sum % 2 ** 32) + Math.floor(sum / 2 ** 32)
  return (sum % 65_536) + Math.floor(sum / 65_536) > 0xffff
}

/** Makes the checksum of a frame's IPv4 header the right one. */
export function mendHeader(frame: Uint8Array): void {
  frame.set(u16(0), 24)
  frame.set(u16(checksum(frame.slice(14, 34))), 24)
}

/** Why a frame that the fast path takes comes up from the program. Undefined: it does not. */
export function whyUp({ frame, gsoSize }: TestFrame, flow: BenchFlow, mtu: number): string | undefined {
  const ipLen = readU16(frame, 16)
  if (gsoSize !== 0 && frame.length !== ipLen + 14) return 'a GSO frame with octets behind its packet'
  if (!flow.isTcp)
    return gsoSize + 28 + TUNNEL_ROOM > mtu && gsoSize !== 0 ? 'a GSO frame of a tunnel, perhaps' : undefined
  if ((frame[47]! & 0x17) !== 0x10) return 'no ACK, or FIN or RST'
  if ((flow.form & 2) === 0 || frame[46]! >>> 4 === 5) return undefined
  const hasTimestamps =
    frame[46]! >>> 4 === 8 && ipLen >= 52 && readU16(frame, 54) === 0x0101 && readU16(frame, 56) === 0x080a
  return hasTimestamps ? undefined : 'options that may claim an address'
}
