/* Builds whole frames, the expected ones of every test. Shares no code with src/: see octets.ts. */
import { addrOctets, checksum, concat, macOctets, pseudoHeader, readU16, sum, u16, u32 } from './octets.js'

export * from './decode.js'
export { checksum, concat, hex, unhex } from './octets.js'

export const ICMP = 1
export const TCP = 6
export const UDP = 17

const IPV4_TYPE = 0x0800
const ARP_TYPE = 0x0806
const FLAGS: Record<string, number> = { F: 0x01, S: 0x02, R: 0x04, P: 0x08, A: 0x10, U: 0x20, E: 0x40, C: 0x80 }

/** Data of a packet: octets, text, or how many octets of a counting pattern. */
export type Payload = Uint8Array | string | number

export interface EthernetOptions {
  /** 'source > destination'. */
  eth?: string
  /** Zeros are appended up to this many octets, as Ethernet pads to 60. */
  padTo?: number
}

export interface Ipv4Options extends EthernetOptions {
  ttl?: number
  id?: number
  tos?: number
  df?: boolean
  mf?: boolean
  /** Fragment offset in units of 8 octets, as in the header. */
  fragment?: number
  /** A multiple of 4 octets. */
  ipOptions?: Uint8Array
  /** Given wrong on purpose; right if left out. */
  ipChecksum?: number
  totalLen?: number
}

export interface TransportOptions extends Ipv4Options {
  payload?: Payload
  /** The transport checksum, given wrong on purpose; for UDP, 0 is 'not computed'. */
  checksum?: number
  /** The checksum field holds the folded pseudo-header sum only, as VIRTIO_NET_HDR_F_NEEDS_CSUM frames do. */
  partial?: boolean
}

export interface TcpOptions extends TransportOptions {
  /** Letters of FSRPAUEC. */
  flags?: string
  seq?: number
  ack?: number
  window?: number
  urgent?: number
  /** A multiple of 4 octets. */
  tcpOptions?: Uint8Array
}

export interface UdpOptions extends TransportOptions {
  udpLen?: number
}

export interface IcmpOptions extends Ipv4Options {
  type: number
  code?: number
  /** The second 32-bit word: identifier and sequence number, pointer, next-hop MTU. */
  rest?: number
  payload?: Payload
  checksum?: number
}

/** The octets a payload stands for. */
export function payloadOctets(payload: Payload = 0): Uint8Array {
  if (typeof payload === 'string') return new TextEncoder().encode(payload)
  if (typeof payload === 'number') return Uint8Array.from({ length: payload }, (_, index) => (index * 7 + 1) & 0xff)
  return payload
}

/** TCP in IPv4 in Ethernet: `tcp4('203.0.113.7:40000 > 10.0.0.1:80', { flags: 'S' })`. */
export function tcp4(flow: string, options: TcpOptions = {}): Uint8Array {
  const { src, dst, srcPort, dstPort } = endpoints(flow)
  const { seq = 1000, ack = 0, window = 64240, urgent = 0, tcpOptions = new Uint8Array(0) } = options
  const flags = [...(options.flags ?? 'S')].reduce((bits, letter) => bits | flagBit(letter), 0)
  const offset = (20 + tcpOptions.length) / 4
  const before = concat(u16(srcPort), u16(dstPort), u32(seq), u32(ack), Uint8Array.of(offset << 4, flags), u16(window))
  const after = concat(u16(urgent), tcpOptions, payloadOctets(options.payload))
  return ip4(`${src} > ${dst}`, TCP, withChecksum(TCP, src, dst, before, after, options), options)
}

/** UDP in IPv4 in Ethernet. */
export function udp4(flow: string, options: UdpOptions = {}): Uint8Array {
  const { src, dst, srcPort, dstPort } = endpoints(flow)
  const data = payloadOctets(options.payload)
  const before = concat(u16(srcPort), u16(dstPort), u16(options.udpLen ?? 8 + data.length))
  return ip4(`${src} > ${dst}`, UDP, withChecksum(UDP, src, dst, before, data, options), options)
}

/** ICMP in IPv4 in Ethernet: `icmp4('10.0.0.1 > 10.0.0.2', { type: 8, rest: 0x00010001, payload: 'ping' })`. */
export function icmp4(flow: string, options: IcmpOptions): Uint8Array {
  const before = Uint8Array.of(options.type, options.code ?? 0)
  const after = concat(u32(options.rest ?? 0), payloadOctets(options.payload))
  const check = options.checksum ?? checksum(concat(before, u16(0), after))
  return ip4(flow, ICMP, concat(before, u16(check), after), options)
}

/** Any protocol, or a fragment, in IPv4 in Ethernet. The defaults are those of the recordings: id 0x1234, TTL 64, DF. */
export function ip4(flow: string, protocol: number, payload: Uint8Array, options: Ipv4Options = {}): Uint8Array {
  return ethernet(IPV4_TYPE, packet4(flow, protocol, payload, options), options)
}

/** An IPv4 packet without Ethernet: what an ICMP error embeds, what a tunnel carries. */
export function packet4(flow: string, protocol: number, payload: Uint8Array, options: Ipv4Options = {}): Uint8Array {
  const [src, dst] = pair(flow)
  const { ttl = 64, id = 0x1234, tos = 0, df = true, mf = false, fragment = 0 } = options
  const ipOptions = options.ipOptions ?? new Uint8Array(0)
  const headerLen = 20 + ipOptions.length
  const totalLen = options.totalLen ?? headerLen + payload.length
  const flags = (df ? 0x4000 : 0) | (mf ? 0x2000 : 0) | fragment
  const first = Uint8Array.of(0x40 | (headerLen / 4), tos)
  const before = concat(first, u16(totalLen), u16(id), u16(flags), Uint8Array.of(ttl, protocol))
  const after = concat(addrOctets(src), addrOctets(dst), ipOptions)
  const check = options.ipChecksum ?? checksum(concat(before, u16(0), after))
  return concat(before, u16(check), after, payload)
}

/** The IPv4 packet in a frame, Ethernet header and padding taken off. */
export function packetOf(frame: Uint8Array): Uint8Array {
  return frame.slice(14, 14 + readU16(frame, 16))
}

/** What the packet in a frame carries behind its IPv4 header. */
export function payloadOf(frame: Uint8Array): Uint8Array {
  return packetOf(frame).slice(((frame[14] ?? 0) & 0x0f) * 4)
}

export interface ArpOptions extends EthernetOptions {
  operation: 'request' | 'reply'
  senderMac: string
  senderAddr: string
  targetMac?: string
  targetAddr: string
}

/** ARP for IPv4 over Ethernet (RFC 826). Without `eth` a request is broadcast and a reply goes to its target. */
export function arp(options: ArpOptions): Uint8Array {
  const { operation, senderMac, senderAddr, targetMac = '00:00:00:00:00:00', targetAddr } = options
  const to = operation === 'request' ? 'ff:ff:ff:ff:ff:ff' : targetMac
  const fixed = concat(u16(1), u16(IPV4_TYPE), Uint8Array.of(6, 4), u16(operation === 'request' ? 1 : 2))
  const sender = concat(macOctets(senderMac), addrOctets(senderAddr))
  const target = concat(macOctets(targetMac), addrOctets(targetAddr))
  return ethernet(ARP_TYPE, concat(fixed, sender, target), { eth: `${senderMac} > ${to}`, ...options })
}

/** Any payload in Ethernet. */
export function ethernet(type: number, payload: Uint8Array, options: EthernetOptions = {}): Uint8Array {
  const [src, dst] = pair(options.eth ?? '02:00:00:00:00:01 > 02:00:00:00:00:02')
  const frame = concat(macOctets(dst), macOctets(src), u16(type), payload)
  return concat(frame, new Uint8Array(Math.max(0, (options.padTo ?? 0) - frame.length)))
}

export interface VirtioOptions {
  needsCsum?: boolean
  dataValid?: boolean
  gsoType?: number
  hdrLen?: number
  gsoSize?: number
  csumStart?: number
  csumOffset?: number
}

/** A virtio-net header (virtio 1.2 §5.1.6) as it stands before a frame; little-endian, and all zero by default. */
export function virtioHeader(options: VirtioOptions = {}): Uint8Array {
  const { needsCsum, dataValid, gsoType = 0, hdrLen = 0, gsoSize = 0, csumStart = 0, csumOffset = 0 } = options
  const flags = (needsCsum ? 1 : 0) | (dataValid ? 2 : 0)
  const words = [hdrLen, gsoSize, csumStart, csumOffset].map(word => u16(word).reverse())
  return concat(Uint8Array.of(flags, gsoType), ...words)
}

/** The header that goes with a `partial` TCP or UDP frame: where the sum starts and where it is to be put. */
export function partialHeader(frame: Uint8Array, options: VirtioOptions = {}): Uint8Array {
  const csumStart = 14 + ((frame[14] ?? 0) & 0x0f) * 4
  const csumOffset = frame[23] === TCP ? 16 : 6
  return virtioHeader({ needsCsum: true, csumStart, csumOffset, ...options })
}

export interface Placed {
  /** Fits a device's `Slab`. */
  slab: { bytes: Uint8Array; view: DataView<ArrayBufferLike>; address: number }
  at: number
  len: number
}

/**
 * The frame as a device would have it in memory: 64 octets of headroom, its virtio-net header, the frame, 64 octets
 * behind it. All that is not header or frame is 0xa5, so that code that reads or keeps what was there is found out.
 */
export function placed(frame: Uint8Array, header = virtioHeader()): Placed {
  const headroom = 64
  const bytes = new Uint8Array(headroom + header.length + frame.length + 64).fill(0xa5)
  bytes.set(header, headroom)
  bytes.set(frame, headroom + header.length)
  return {
    slab: { bytes, view: new DataView(bytes.buffer), address: 0 },
    at: headroom + header.length,
    len: frame.length,
  }
}

function withChecksum(
  protocol: number,
  src: string,
  dst: string,
  before: Uint8Array,
  after: Uint8Array,
  options: TransportOptions,
): Uint8Array {
  const pseudo = pseudoHeader(addrOctets(src), addrOctets(dst), protocol, before.length + 2 + after.length)
  const right = checksum(concat(pseudo, before, u16(0), after))
  // RFC 768: a computed zero is sent as all ones, since zero says that there is none.
  const computed = protocol === UDP && right === 0 ? 0xffff : right
  return concat(before, u16(options.checksum ?? (options.partial ? sum(pseudo) : computed)), after)
}

function flagBit(letter: string): number {
  const bit = FLAGS[letter]
  if (bit === undefined) throw new RangeError(`not a TCP flag: '${letter}', one of FSRPAUEC`)
  return bit
}

function pair(text: string): [string, string] {
  const [src, dst, more] = text.split('>').map(side => side.trim())
  if (!src || !dst || more !== undefined) throw new RangeError(`not 'source > destination': '${text}'`)
  return [src, dst]
}

function endpoints(flow: string): { src: string; dst: string; srcPort: number; dstPort: number } {
  const [[src, srcPort], [dst, dstPort]] = pair(flow).map(side => side.split(':')) as [
    [string, string],
    [string, string],
  ]
  if (!(Number(srcPort) <= 0xffff) || !(Number(dstPort) <= 0xffff)) {
    throw new RangeError(`not 'address:port > address:port': '${flow}'`)
  }
  return { src, dst, srcPort: Number(srcPort), dstPort: Number(dstPort) }
}
