import { formatIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import { TcpView } from '../../src/wire/tcp.js'
import type { TcpSegment } from '../tcp-connection.js'
import type { SimPacket } from './packets.js'

/** Of an MTU of 1500. */
export const SEGMENT_LEN = 1460
/** A connection that has repeated itself so often without an answer is given up. */
export const MOST_REPEATS = 8
/** How often connections look whether they must repeat something, ms. */
export const TICK_MS = 100

/** A segment and its ends, the receiver's first. */
export interface ArrivedSegment extends TcpSegment {
  readonly srcPort: number
  readonly dstPort: number
}

const tcp = new TcpView()

/** Undefined: it is no whole TCP segment. */
export function segmentOf({ protocol, octets }: SimPacket): ArrivedSegment | undefined {
  if (protocol !== IpProtocol.TCP) return undefined
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  if (!tcp.wrap(view, 0).isValid(octets.length)) return undefined
  const { srcPort, dstPort, seq, ack, flags, window, headerLen } = tcp
  return { srcPort, dstPort, seq, ack, flags, window, payload: octets.subarray(headerLen) }
}

/** A segment without data. */
export function bareSegment(srcPort: number, dstPort: number, seq: number, ack: number, flags: number): Uint8Array {
  const octets = new Uint8Array(20)
  const header = new DataView(octets.buffer)
  header.setUint16(0, srcPort)
  header.setUint16(2, dstPort)
  header.setUint32(4, seq)
  header.setUint32(8, ack)
  header.setUint8(12, 0x50)
  header.setUint8(13, flags)
  header.setUint16(14, 0xffff)
  return octets
}

/** What a connection is found by. */
export function keyOf(addr: Ipv4Addr, port: number, peer: Ipv4Addr, peerPort: number): string {
  return `${addr} ${port} ${peer} ${peerPort}`
}

export function endText(addr: Ipv4Addr, port: number): string {
  return `${formatIpv4(addr)}:${port}`
}
