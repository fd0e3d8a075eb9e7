/*
 * GRE: RFC 2784 §2.1, RFC 2890 §2. A word that its bit does not announce is left out.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |C| |K|S|       Reserved0 | Ver |         Protocol Type         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |       Checksum, if C          |       Reserved1, if C         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           Key, if K                           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                     Sequence number, if S                     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { sum16 } from './checksum.js'
import { EtherType } from './ethernet.js'
import { NOWHERE } from './view.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { IPV4 } = EtherType

const FLAGS_VERSION = 0
const PROTOCOL = 2
const CHECKSUM = 4

/** Octets of the fixed part, and of the optional word with the checksum. */
export const GRE_LEN = 4
export const GRE_CHECKSUM_LEN = 4
/** In the word of flags and version. */
export const GreFlag = { CHECKSUM: 0x8000, KEY: 0x2000, SEQUENCE: 0x1000 } as const
const KNOWN = GreFlag.CHECKSUM | GreFlag.KEY | GreFlag.SEQUENCE

/** Reads and writes a GRE header in place. Call `isValid` first. */
export class GreView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /** Whether `len` octets hold a whole header of version 0, without bits that are unknown here, and with IPv4 behind it. */
  isValid(len: number): boolean {
    if (len < GRE_LEN || (this.flags & ~KNOWN) !== 0) return false
    return this.#dv.getUint16(this.#at + PROTOCOL) === IPV4 && this.headerLen <= len
  }

  /** GreFlag bits; version and reserved bits beside them. */
  get flags(): number {
    return this.#dv.getUint16(this.#at + FLAGS_VERSION)
  }
  /** For this the first octet alone must be there. */
  get hasChecksum(): boolean {
    return (this.#dv.getUint8(this.#at + FLAGS_VERSION) & (GreFlag.CHECKSUM >>> 8)) !== 0
  }
  get headerLen(): number {
    const { flags } = this
    return (
      GRE_LEN +
      (flags & GreFlag.CHECKSUM ? GRE_CHECKSUM_LEN : 0) +
      (flags & GreFlag.KEY ? 4 : 0) +
      (flags & GreFlag.SEQUENCE ? 4 : 0)
    )
  }
  /** Whether the checksum over the `len` octets of header and payload is right, or not there. */
  checksumOk(len: number): boolean {
    return !this.hasChecksum || sum16(this.#dv, this.#at, len) === 0xffff
  }

  /** Sets the checksum of a header that has one; `sum`: of header and payload, while the checksum was 0. */
  setChecksum(sum: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, ~sum & 0xffff)
  }

  /** Writes a header for IPv4; a checksum is 0 then. */
  build(hasChecksum: boolean): void {
    this.#dv.setUint16(this.#at + FLAGS_VERSION, hasChecksum ? GreFlag.CHECKSUM : 0)
    this.#dv.setUint16(this.#at + PROTOCOL, IPV4)
    if (hasChecksum) this.#dv.setUint32(this.#at + CHECKSUM, 0)
  }
}
