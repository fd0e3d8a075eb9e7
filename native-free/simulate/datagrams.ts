import { DF, IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../src/wire/ipv4.js'
import { ICMP_LEN } from '../../src/wire/icmp.js'
import type { SimPacket } from './packets.js'

const UDP_LEN = 8
/** Of the payload: group and number of the connection, number of the request, octets of the answer. */
const HEAD_LEN = 16
/** Filling as of a short question. */
const REQUEST_LEN = 64
/** An answer's datagrams, payload, with room for a tunnel's headers. */
const ANSWER_LEN = 1400
const PORT_UNREACHABLE = 0x0303
const QUOTED_TTL = 63

/** A datagram of a request or of its answer. */
export interface Datagram {
  readonly srcPort: number
  readonly dstPort: number
  /** Whose it is, as its client names itself: addresses and ports may be others' on the way. */
  readonly client: string
  readonly request: number
  /** Of a request: how large its answer is to be. */
  readonly size: number
  readonly payloadLen: number
}

/** Undefined: it is no whole datagram of a request or an answer. */
export function datagramOf({ protocol, octets }: SimPacket): Datagram | undefined {
  if (protocol !== IpProtocol.UDP || octets.length < UDP_LEN + HEAD_LEN) return undefined
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  return {
    srcPort: view.getUint16(0),
    dstPort: view.getUint16(2),
    client: udpClientName(view.getUint32(UDP_LEN), view.getUint32(UDP_LEN + 4)),
    request: view.getUint32(UDP_LEN + 8),
    size: view.getUint32(UDP_LEN + 12),
    payloadLen: octets.length - UDP_LEN,
  }
}

export function udpClientName(group: number, number: number): string {
  return `udp ${group} ${number}`
}

export function requestDatagram(srcPort: number, dstPort: number, client: string, request: number, size: number) {
  return datagram(srcPort, dstPort, REQUEST_LEN, client, request, size)
}

/** The datagrams of an answer: `size` octets of payload, and in each at least what names it. */
export function* answerDatagrams({ srcPort, dstPort, client, request, size }: Datagram): Generator<Uint8Array> {
  for (let left = Math.max(size, 1); left > 0; left -= ANSWER_LEN)
    yield datagram(dstPort, srcPort, Math.max(Math.min(left, ANSWER_LEN), HEAD_LEN), client, request, size)
}

function datagram(
  srcPort: number,
  dstPort: number,
  len: number,
  client: string,
  request: number,
  size: number,
): Uint8Array {
  const octets = new Uint8Array(UDP_LEN + len)
  const view = new DataView(octets.buffer)
  view.setUint16(0, srcPort)
  view.setUint16(2, dstPort)
  view.setUint16(4, octets.length)
  const [, group, number] = client.split(' ')
  for (const [i, word] of [Number(group), Number(number), request, size].entries())
    view.setUint32(UDP_LEN + 4 * i, word)
  return octets
}

const ip = new Ipv4View()

/** ICMP of the host that a datagram came to: nobody has that port (RFC 1122 §4.1.3.1). */
export function portUnreachable({ src, dst, protocol, octets }: SimPacket): SimPacket {
  const error = new Uint8Array(ICMP_LEN + IPV4_MIN_LEN + UDP_LEN)
  const view = new DataView(error.buffer)
  view.setUint16(0, PORT_UNREACHABLE)
  ip.wrap(view, ICMP_LEN)
    .build(protocol, IPV4_MIN_LEN + octets.length)
    .withTos(0)
    .withTtl(QUOTED_TTL)
    .withId(0, DF)
    .finish(src, dst)
  error.set(octets.subarray(0, UDP_LEN), ICMP_LEN + IPV4_MIN_LEN)
  return { src: dst, dst: src, protocol: IpProtocol.ICMP, octets: error }
}
