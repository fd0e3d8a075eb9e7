/*
 * RFC 768. A checksum field of 0 means that the sender computed none, so a computed 0 is sent as ffff.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Source port          |        Destination port       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |             Length            |            Checksum           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Length: header and payload.
 */
import type { Ipv4Addr } from './addr.js'
import { pseudoHeaderSum, sum16, update16, update32, updateSum32 } from './checksum.js'
import { IpProtocol } from './ipv4.js'
import { NOWHERE } from './view.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { UDP } = IpProtocol

const SRC_PORT = 0
const DST_PORT = 2
const LENGTH = 4
const CHECKSUM = 6

export const UDP_LEN = 8
export const UDP_LENGTH_AT = LENGTH
export const UDP_CHECKSUM_AT = CHECKSUM

/** A computed check as UDP sends it. 0 would mean that there is none, so a computed 0 is sent as ffff. */
export function sentCheck(check: number): number {
  return check === 0 ? 0xffff : check
}

/** Reads and writes a UDP header in place. The 8 octets must be there: `isValid` for the rest. */
export class UdpView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /** Whether the length field fits the `len` octets that are there. */
  isValid(len: number): boolean {
    return len >= UDP_LEN && this.length >= UDP_LEN && this.length <= len
  }

  get srcPort(): number {
    return this.#dv.getUint16(this.#at + SRC_PORT)
  }
  get dstPort(): number {
    return this.#dv.getUint16(this.#at + DST_PORT)
  }
  /** Octets, header and payload. */
  get length(): number {
    return this.#dv.getUint16(this.#at + LENGTH)
  }
  get checksum(): number {
    return this.#dv.getUint16(this.#at + CHECKSUM)
  }

  /**
   * Sets the port and mends the checksum for it and for the change of source address `from` → `to`. Where there was no
   * checksum, one is computed over `len` octets, as the kernel does (ipvs-behaviour.md §7.1, case nat-udp).
   */
  rewriteSrc(from: Ipv4Addr, to: Ipv4Addr, port: number, peer: Ipv4Addr, len: number): void {
    const check = this.checksum
    const old = this.srcPort
    this.#dv.setUint16(this.#at + SRC_PORT, port)
    if (check === 0) this.#fill(to, peer, len)
    else this.#store(update32(update16(check, old, port), from, to))
  }
  /** As rewriteSrc for the destination: `from` → `to`. */
  rewriteDst(from: Ipv4Addr, to: Ipv4Addr, port: number, peer: Ipv4Addr, len: number): void {
    const check = this.checksum
    const old = this.dstPort
    this.#dv.setUint16(this.#at + DST_PORT, port)
    if (check === 0) this.#fill(peer, to, len)
    else this.#store(update32(update16(check, old, port), from, to))
  }
  /** As rewriteSrc where the checksum field holds only the pseudo-header sum: ports are not in it. */
  rewriteSrcPartial(from: Ipv4Addr, to: Ipv4Addr, port: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, updateSum32(this.checksum, from, to))
    this.#dv.setUint16(this.#at + SRC_PORT, port)
  }
  /** As rewriteDst where the checksum field holds only the pseudo-header sum: ports are not in it. */
  rewriteDstPartial(from: Ipv4Addr, to: Ipv4Addr, port: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, updateSum32(this.checksum, from, to))
    this.#dv.setUint16(this.#at + DST_PORT, port)
  }

  /** Sets the checksum; `sum`: of the pseudo header and the datagram, while the checksum was 0. */
  setChecksum(sum: number): void {
    this.#store(~sum & 0xffff)
  }

  /** Writes a header without a checksum; `len`: octets of header and payload. */
  build(srcPort: number, dstPort: number, len: number): void {
    const dv = this.#dv
    const at = this.#at
    dv.setUint16(at + SRC_PORT, srcPort)
    dv.setUint16(at + DST_PORT, dstPort)
    dv.setUint16(at + LENGTH, len)
    dv.setUint16(at + CHECKSUM, 0)
  }

  #store(check: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, sentCheck(check))
  }
  #fill(src: Ipv4Addr, dst: Ipv4Addr, len: number): void {
    this.setChecksum(sum16(this.#dv, this.#at, len, pseudoHeaderSum(src, dst, UDP, len)))
  }
}
