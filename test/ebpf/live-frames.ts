import { concat, partialHeader, tcp4, udp4, unhex, virtioHeader } from '../support/frames.js'
import { readU16 } from '../support/octets.js'
import { FlowForm } from '../../src/packet/flow-slot.js'
import type { BenchFlow } from './flow-bench.js'
import type { TunnelFlow } from './tunnel-bench.js'

/* The frames of a flow that are sent into the flow program on a wire (flow-wires.ts), each with its virtio-net header. */

const TIMESTAMPS = unhex('0101080a0102030405060708')
const [TCPV4, UDP_L4] = [1, 5]

export interface LiveFrame {
  readonly what: string
  readonly frame: Uint8Array
  readonly header: Uint8Array
  /** It comes up though the fast path takes it. */
  readonly isUp?: boolean
  /** The fast path leaves it to the whole path, by direct routing though what is left to the device is no matter. */
  readonly isInner?: boolean
}

/** Frames of a flow with checksums left to the device, of one piece and to be cut. */
export function* framesOf({ flow, eth, isTcp, form }: BenchFlow, mtu: number): Generator<LiveFrame> {
  const make = (payload: number, options: object = {}): Uint8Array =>
    isTcp ? tcp4(flow, { ...eth, flags: 'A', payload, ...options }) : udp4(flow, { ...eth, payload, ...options })
  for (const payload of [0, 1, 4, 11, 12, 40, 1300]) {
    yield { what: `${payload} octets`, frame: make(payload), header: virtioHeader() }
    const partial = make(payload, { partial: true })
    yield { what: `${payload} octets, partial`, frame: partial, header: partialHeader(partial) }
    if (!isTcp) continue
    const timed = make(payload, { partial: true, tcpOptions: TIMESTAMPS })
    yield { what: `${payload} octets, partial, timestamps`, frame: timed, header: partialHeader(timed) }
  }
  const padded = concat(make(1), new Uint8Array(17))
  yield { what: 'padded', frame: padded, header: virtioHeader() }
  const partlyPadded = concat(make(1, { partial: true }), new Uint8Array(17))
  yield { what: 'padded, partial', frame: partlyPadded, header: partialHeader(partlyPadded) }
  const gsoType = isTcp ? TCPV4 : UDP_L4
  for (const [payload, gsoSize, hdrLen] of [
    [2000, 700, 0],
    [4100, 1000, 0],
    [9000, 1200, 14],
    [9000, 1200, 40],
    [20_000, 1200, 54],
    [20_000, 1200, 66],
    [20_000, 1350, 66],
    [20_000, 1460, 66],
    [20_000, 1461, 66],
  ] as const) {
    const frame = make(payload, { partial: true })
    const isUp = !isTcp && gsoSize + 28 + 128 > mtu
    yield { what: `segments of ${gsoSize}`, frame, header: partialHeader(frame, { gsoType, gsoSize, hdrLen }), isUp }
    if (!isTcp) continue
    const timed = make(payload, { partial: true, tcpOptions: TIMESTAMPS })
    const header = partialHeader(timed, { gsoType, gsoSize, hdrLen })
    yield { what: `segments of ${gsoSize}, timestamps`, frame: timed, header }
  }
  if (!isTcp) yield* oddPartial(make, (form & FlowForm.TRANSLATED) !== 0)
}

/** The same into a tunnel, and without DF, congested, too large. */
export function* tunnelFramesOf(flow: TunnelFlow): Generator<LiveFrame> {
  const [mtu, headers] = [flow.fits, flow.isTcp ? 40 : 28]
  for (const each of framesOf(flow, mtu)) {
    const gsoSize = each.header[4]! | (each.header[5]! << 8)
    const needed = gsoSize === 0 ? readU16(each.frame, 16) : headersOf(each.frame) + gsoSize
    yield { ...each, isUp: each.isUp || needed > mtu }
  }
  const make = (payload: number, options: object): Uint8Array =>
    flow.isTcp
      ? tcp4(flow.flow, { ...flow.eth, flags: 'A', payload, ...options })
      : udp4(flow.flow, { ...flow.eth, payload, ...options })
  for (const tos of [1, 2, 3, 0x10, 0xff])
    yield { what: `type of service ${tos}`, frame: make(30, { tos }), header: virtioHeader() }
  for (const ttl of [2, 64, 255]) yield { what: `TTL ${ttl}`, frame: make(30, { ttl }), header: virtioHeader() }
  yield { what: 'no DF', frame: make(30, { df: false }), header: virtioHeader(), isUp: true }
  const longest = make(65_504 - headers, { partial: true }) // with the headers of any tunnel it may be no IPv4 packet
  const gso = { gsoType: flow.isTcp ? TCPV4 : UDP_L4, gsoSize: 1000 }
  yield { what: 'too long', frame: longest, header: partialHeader(longest, gso), isUp: true }
  for (const more of [0, 1])
    yield { what: `MTU + ${more}`, frame: make(mtu - headers + more, {}), header: virtioHeader(), isUp: more > 0 }
}
/** Octets from the IPv4 header to the payload. */
export function headersOf(frame: Uint8Array): number {
  return frame[23] === 6 ? 20 + (frame[46]! >>> 4) * 4 : 28
}

/** Of frames longer than a page the kernel keeps as much in one piece as it is told. */
export function* apartFrames({ flow, eth, isTcp }: BenchFlow): Generator<LiveFrame> {
  for (const hdrLen of [14, 33, 41, 42, 53, 54, 57, 58]) {
    const payload = 5000
    const plain = { ...eth, payload, tcpOptions: TIMESTAMPS }
    const frame = isTcp ? tcp4(flow, { ...plain, flags: 'A' }) : udp4(flow, { ...eth, payload })
    yield { what: `${hdrLen} octets apart`, frame, header: virtioHeader({ hdrLen }) }
  }
}

/** Of UDP: checksums that the device is not to make as they stand, or another one. */
function* oddPartial(
  make: (payload: number, options?: object) => Uint8Array,
  isTranslated: boolean,
): Generator<LiveFrame> {
  const wrong = make(30, { checksum: 0x1234 })
  yield { what: 'partial, of another pseudo header', frame: wrong, header: partialHeader(wrong), isUp: isTranslated }
  // A tunnel's: the checksum that is left to the device is of what is carried.
  for (const payload of [40, 41]) {
    const outer = make(payload)
    yield {
      what: 'an inner partial checksum',
      frame: outer,
      header: partialHeader(outer, { csumStart: 54, csumOffset: 6 }),
      isInner: !isTranslated,
    }
  }
}
