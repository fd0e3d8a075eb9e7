/*
 * The authentication header, RFC 4302 §2, with a check value of 96 bits, as HMAC-MD5-96 (RFC 2403) gives.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Next header  |  Payload len  |            Reserved           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                Security parameters index (SPI)                |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                        Sequence number                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |              Integrity check value (ICV), 12 octets           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Payload len: of this header, in words of 4 octets, less 2.
 */
import { NOWHERE } from './view.js'

const NEXT_HEADER = 0
const PAYLOAD_LEN = 1
const SPI = 4
const SEQUENCE = 8

export const AH_LEN = 24
/** Where the check value stands, and how long it is. */
export const AH_ICV_AT = 12
export const AH_ICV_LEN = 12
const LEN_FIELD = AH_LEN / 4 - 2

/** Reads and writes an authentication header in place. Owns no octets. Call `isValid` first. */
export class AhView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /** Whether `len` octets hold a header with a check value of 96 bits. */
  isValid(len: number): boolean {
    return len >= AH_LEN && this.#dv.getUint8(this.#at + PAYLOAD_LEN) === LEN_FIELD
  }

  get nextHeader(): number {
    return this.#dv.getUint8(this.#at + NEXT_HEADER)
  }
  get spi(): number {
    return this.#dv.getUint32(this.#at + SPI)
  }
  get sequence(): number {
    return this.#dv.getUint32(this.#at + SEQUENCE)
  }

  /** Writes the header with a check value of zeros. */
  build(nextHeader: number, spi: number, sequence: number): void {
    this.#dv.setUint32(this.#at + NEXT_HEADER, nextHeader * 2 ** 24 + (LEN_FIELD << 16))
    this.#dv.setUint32(this.#at + SPI, spi)
    this.#dv.setUint32(this.#at + SEQUENCE, sequence)
    for (let at = AH_ICV_AT; at < AH_LEN; at += 4) this.#dv.setUint32(this.#at + at, 0)
  }
}
