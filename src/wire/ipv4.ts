/*
 * RFC 791 §3.1; the type of service is DSCP and ECN (RFC 2474, RFC 3168).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version|  IHL  |Type of service|          Total length         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Identification        |0 D M|     Fragment offset     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Time to live |    Protocol   |        Header checksum        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                         Source address                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      Destination address                      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Options, up to 40 octets                   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * IHL in words of 4 octets, the fragment offset in units of 8; D: don't fragment, M: more fragments.
 */
import type { Ipv4Addr } from './addr.js'
import { sum16, sumOf20IsRight, update16, update32 } from './checksum.js'
import { NOWHERE } from './view.js'

const VERSION_IHL = 0
const TOS = 1
const TOTAL_LEN = 2
const ID = 4
const FLAGS_FRAGMENT = 6
const TTL = 8
const PROTOCOL = 9
const CHECKSUM = 10
const SRC_ADDR = 12
const DST_ADDR = 16

export const IPV4_MIN_LEN = 20
export const IPV4_MAX_HEADER_LEN = 60
/** The first octet of a header of 20 octets: version 4, five words. */
export const PLAIN_IPV4 = 0x45
export const IPV4_PROTOCOL_AT = PROTOCOL
export const IPV4_SRC_ADDR_AT = SRC_ADDR
export const IPV4_DST_ADDR_AT = DST_ADDR
export const IpProtocol = { ICMP: 1, IGMP: 2, IPIP: 4, TCP: 6, UDP: 17, GRE: 47, AH: 51, VRRP: 112, SCTP: 132 } as const
/** The smallest MTU that a link may have (RFC 791 §3.2). */
export const IPV4_LEAST_MTU = 68
/** Types of options, RFC 791 §3.1 and RFC 2113; END and NOP are of one octet. An option with the COPIED bit is repeated in every fragment. */
export const IpOption = {
  END: 0,
  NOP: 1,
  RECORD_ROUTE: 7,
  TIMESTAMP: 68,
  LOOSE_SOURCE_ROUTE: 131,
  STRICT_SOURCE_ROUTE: 137,
  ROUTER_ALERT: 148,
  COPIED: 0x80,
} as const
/** The two bits of the TOS that tell of congestion (RFC 3168 §5), and what they say. */
export const ECN_BITS = 3
export const Ecn = { NOT_ECT: 0, ECT1: 1, ECT0: 2, CE: 3 } as const
/** Don't fragment, in the flags-and-offset word. */
export const DF = 0x4000
/** More fragments follow. */
export const MF = 0x2000
/** More fragments, or an offset: this is not a whole datagram. */
export const FRAGMENT = 0x3fff

/** Reads and writes an IPv4 header in place. Owns no octets: made once, pointed at frame after frame. Call `isValid` first. */
export class Ipv4View {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /**
   * Whether `len` octets hold a header that may be trusted: version 4, IHL ≥ 5 and inside `len`, total length at least
   * the header and at most `len`. `checksumOk` tells about the checksum.
   */
  isValid(len: number): boolean {
    if (len < IPV4_MIN_LEN || !this.isVersion4) return false
    const headerLen = this.headerLen
    return headerLen >= IPV4_MIN_LEN && this.totalLen >= headerLen && this.totalLen <= len
  }

  get isVersion4(): boolean {
    return this.#dv.getUint8(this.#at + VERSION_IHL) >>> 4 === 4
  }
  get checksumOk(): boolean {
    const dv = this.#dv
    const at = this.#at
    if ((dv.getUint8(at + VERSION_IHL) & 15) === 5) return sumOf20IsRight(dv, at)
    return sum16(dv, at, this.headerLen) === 0xffff
  }

  /** Octets of the header, options included. */
  get headerLen(): number {
    return (this.#dv.getUint8(this.#at + VERSION_IHL) & 15) << 2
  }
  get tos(): number {
    return this.#dv.getUint8(this.#at + TOS)
  }
  /** Octets, header and payload. May be less than the frame holds: Ethernet pads to 60. */
  get totalLen(): number {
    return this.#dv.getUint16(this.#at + TOTAL_LEN)
  }
  get id(): number {
    return this.#dv.getUint16(this.#at + ID)
  }
  get dontFragment(): boolean {
    return (this.#dv.getUint16(this.#at + FLAGS_FRAGMENT) & DF) !== 0
  }
  /** A piece of a datagram: first, middle or last. */
  get isFragment(): boolean {
    return (this.#dv.getUint16(this.#at + FLAGS_FRAGMENT) & FRAGMENT) !== 0
  }
  get moreFragments(): boolean {
    return (this.#dv.getUint16(this.#at + FLAGS_FRAGMENT) & MF) !== 0
  }
  /** In units of 8 octets. */
  get fragmentOffset(): number {
    return this.#dv.getUint16(this.#at + FLAGS_FRAGMENT) & 0x1fff
  }
  get ttl(): number {
    return this.#dv.getUint8(this.#at + TTL)
  }
  get protocol(): number {
    return this.#dv.getUint8(this.#at + PROTOCOL)
  }
  get checksum(): number {
    return this.#dv.getUint16(this.#at + CHECKSUM)
  }
  get srcAddr(): Ipv4Addr {
    return this.#dv.getInt32(this.#at + SRC_ADDR) as Ipv4Addr
  }
  get dstAddr(): Ipv4Addr {
    return this.#dv.getInt32(this.#at + DST_ADDR) as Ipv4Addr
  }

  /** One hop further: TTL − 1, and the header checksum mended. The TTL must be above 0. */
  decrementTtl(): void {
    const word = this.#dv.getUint16(this.#at + TTL)
    this.#dv.setUint16(this.#at + TTL, word - 0x100)
    this.#dv.setUint16(this.#at + CHECKSUM, update16(this.checksum, word, word - 0x100))
  }
  /** Sets an octet of the options, `offset` counted from the header's start, and mends the header checksum. */
  rewriteOption(offset: number, octet: number): void {
    const word = this.#at + (offset & ~1)
    const before = this.#dv.getUint16(word)
    this.#dv.setUint8(this.#at + offset, octet)
    this.#dv.setUint16(this.#at + CHECKSUM, update16(this.checksum, before, this.#dv.getUint16(word)))
  }
  /** Sets the total length and mends the header checksum. */
  rewriteTotalLen(len: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, update16(this.checksum, this.totalLen, len))
    this.#dv.setUint16(this.#at + TOTAL_LEN, len)
  }
  /** Sets the address and mends the header checksum. The transport checksum is the caller's. */
  rewriteSrcAddr(to: Ipv4Addr): void {
    const check = update32(this.checksum, this.srcAddr, to)
    this.#dv.setInt32(this.#at + SRC_ADDR, to)
    this.#dv.setUint16(this.#at + CHECKSUM, check)
  }
  /** Sets the address and mends the header checksum. The transport checksum is the caller's. */
  rewriteDstAddr(to: Ipv4Addr): void {
    const check = update32(this.checksum, this.dstAddr, to)
    this.#dv.setInt32(this.#at + DST_ADDR, to)
    this.#dv.setUint16(this.#at + CHECKSUM, check)
  }

  /** Sets length, and the word of flags and fragment offset (in units of 8 octets), and makes the checksum anew. */
  makePiece(totalLen: number, flagsAndOffset: number): void {
    this.#dv.setUint16(this.#at + TOTAL_LEN, totalLen)
    this.#dv.setUint16(this.#at + FLAGS_FRAGMENT, flagsAndOffset)
    this.fillChecksum()
  }
  /** Makes a first fragment's header that of its whole datagram: length, DF or 0, TOS. */
  makeWhole(totalLen: number, flags: number, tos: number): void {
    this.#dv.setUint8(this.#at + TOS, tos)
    this.makePiece(totalLen, flags)
  }
  /** Makes the header of one segment of a GSO packet: length, id, and the checksum anew. */
  makeSegment(totalLen: number, id: number): void {
    this.#dv.setUint16(this.#at + ID, id)
    this.#dv.setUint16(this.#at + TOTAL_LEN, totalLen)
    this.fillChecksum()
  }
  fillChecksum(): void {
    this.#dv.setUint16(this.#at + CHECKSUM, 0)
    this.#dv.setUint16(this.#at + CHECKSUM, ~sum16(this.#dv, this.#at, this.headerLen) & 0xffff)
  }

  /**
   * Begins a header of 20 octets, for a packet of `totalLen` octets. `withTos`, `withTtl`, `withId` and, last, `finish` must follow:
   * until then their fields hold whatever was there.
   */
  build(protocol: number, totalLen: number): this {
    this.#dv.setUint8(this.#at + VERSION_IHL, PLAIN_IPV4)
    this.#dv.setUint16(this.#at + TOTAL_LEN, totalLen)
    this.#dv.setUint8(this.#at + PROTOCOL, protocol)
    return this
  }
  withTos(tos: number): this {
    this.#dv.setUint8(this.#at + TOS, tos)
    return this
  }
  withTtl(ttl: number): this {
    this.#dv.setUint8(this.#at + TTL, ttl)
    return this
  }
  /** `flags`: DF or 0. */
  withId(id: number, flags: number): this {
    this.#dv.setUint16(this.#at + ID, id)
    this.#dv.setUint16(this.#at + FLAGS_FRAGMENT, flags)
    return this
  }
  /** Writes the addresses, and the checksum over the whole header. */
  finish(src: Ipv4Addr, dst: Ipv4Addr): void {
    const dv = this.#dv
    const at = this.#at
    dv.setUint16(at + CHECKSUM, 0)
    dv.setInt32(at + SRC_ADDR, src)
    dv.setInt32(at + DST_ADDR, dst)
    dv.setUint16(at + CHECKSUM, ~sum16(dv, at, IPV4_MIN_LEN) & 0xffff)
  }
}
