/* SCTP packets (RFC 9260), as frames.ts builds the others: slow, and nothing of src/ in it. */
import { ip4, payloadOctets, type Ipv4Options } from './frames.js'
import { concat, u16, u32 } from './octets.js'

export const SCTP = 132

/** Types of chunks. */
export const Chunk = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  SACK: 3,
  HEARTBEAT: 4,
  HEARTBEAT_ACK: 5,
  ABORT: 6,
  SHUTDOWN: 7,
  SHUTDOWN_ACK: 8,
  ERROR: 9,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  ECNE: 12,
  CWR: 13,
  SHUTDOWN_COMPLETE: 14,
} as const

export interface SctpOptions extends Ipv4Options {
  /** Types of chunks, or type and octets of data. */
  chunks?: readonly (number | [type: number, data: number])[]
  /** Given wrong on purpose. */
  checksum?: number
}

/** CRC-32C bit by bit: reflected polynomial 82f63b78, all ones before, complemented behind (RFC 9260 appendix A). */
export function slowCrc32c(octets: Uint8Array): number {
  let crc = 0xffffffffn
  for (const octet of octets) {
    crc ^= BigInt(octet)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n
  }
  return Number(crc ^ 0xffffffffn)
}

/** A chunk, padded to 4 octets; its length does not count the padding. */
export function chunk(type: number, data = 0): Uint8Array {
  const padding = new Uint8Array((4 - (data % 4)) % 4)
  return concat(Uint8Array.of(type, 0), u16(4 + data), payloadOctets(data), padding)
}

/** Common header and chunks, without IP. */
export function sctp(ports: [number, number], chunks: Uint8Array, checksum?: number): Uint8Array {
  const header = concat(u16(ports[0]), u16(ports[1]), u32(0x01020304))
  const right = slowCrc32c(concat(header, u32(0), chunks))
  const check = u32(checksum ?? right)
  // On the wire the least significant octet of the CRC comes first.
  return concat(header, checksum === undefined ? check.toReversed() : check, chunks)
}

/** SCTP in IPv4 in Ethernet: `sctp4('203.0.113.7:40000 > 10.0.0.1:80', { chunks: [Chunk.INIT] })`. */
export function sctp4(flow: string, options: SctpOptions = {}): Uint8Array {
  const sides = flow.split('>').map(side => side.trim().split(':'))
  const [[src = '', srcPort], [dst = '', dstPort]] = sides as [string[], string[]]
  const chunks = (options.chunks ?? [Chunk.INIT]).map(each => (typeof each === 'number' ? chunk(each) : chunk(...each)))
  const octets = sctp([Number(srcPort), Number(dstPort)], concat(...chunks), options.checksum)
  return ip4(`${src} > ${dst}`, SCTP, octets, options)
}
