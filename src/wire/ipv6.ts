/*
 * RFC 8200 §3.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version| Traffic class |              Flow label               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Payload length        |  Next header  |   Hop limit   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                   Source address, 16 octets                   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                Destination address, 16 octets                 |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * The payload length counts what follows these 40 octets, extension headers among it.
 */
import { fold } from './checksum.js'
import { readIp, wordsOf, writeIp } from './ip-addr.js'
import type { Ipv6Addr } from './ipv6-addr.js'
import { NOWHERE } from './view.js'

const VERSION_CLASS_FLOW = 0
const PAYLOAD_LEN = 4
const NEXT_HEADER = 6
const HOP_LIMIT = 7
const SRC_ADDR = 8
const DST_ADDR = 24

export const IPV6_LEN = 40

/** Reads and writes an IPv6 header in place. Owns no octets. Call `isValid` first. */
export class Ipv6View {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /** Whether `len` octets hold a header of version 6 and all of its payload. */
  isValid(len: number): boolean {
    return len >= IPV6_LEN && this.#dv.getUint8(this.#at) >>> 4 === 6 && IPV6_LEN + this.payloadLen <= len
  }

  get trafficClass(): number {
    return (this.#dv.getUint32(this.#at + VERSION_CLASS_FLOW) >>> 20) & 0xff
  }
  get payloadLen(): number {
    return this.#dv.getUint16(this.#at + PAYLOAD_LEN)
  }
  get nextHeader(): number {
    return this.#dv.getUint8(this.#at + NEXT_HEADER)
  }
  get hopLimit(): number {
    return this.#dv.getUint8(this.#at + HOP_LIMIT)
  }
  get srcAddr(): Ipv6Addr {
    return readIp(this.#dv, this.#at + SRC_ADDR, 6) as Ipv6Addr
  }
  get dstAddr(): Ipv6Addr {
    return readIp(this.#dv, this.#at + DST_ADDR, 6) as Ipv6Addr
  }

  /** Begins a header with flow label 0. `withHopLimit` and, last, `finish` must follow. */
  build(nextHeader: number, payloadLen: number, trafficClass: number): this {
    this.#dv.setUint32(this.#at + VERSION_CLASS_FLOW, 0x60000000 + trafficClass * 2 ** 20)
    this.#dv.setUint16(this.#at + PAYLOAD_LEN, payloadLen)
    this.#dv.setUint8(this.#at + NEXT_HEADER, nextHeader)
    return this
  }
  withHopLimit(hops: number): this {
    this.#dv.setUint8(this.#at + HOP_LIMIT, hops)
    return this
  }
  finish(src: Ipv6Addr, dst: Ipv6Addr): void {
    writeIp(this.#dv, this.#at + SRC_ADDR, src)
    writeIp(this.#dv, this.#at + DST_ADDR, dst)
  }
}

/** The sum of the pseudo header that a transport's checksum covers (RFC 8200 §8.1). */
export function pseudoHeaderSum6(src: Ipv6Addr, dst: Ipv6Addr, protocol: number, len: number): number {
  let sum = protocol + len
  for (const word of [...wordsOf(src), ...wordsOf(dst)]) sum += (word >>> 16) + (word & 0xffff)
  return fold(sum)
}
