/*
 * RFC 9260 §3.1 (common header), §3.2 (chunks), appendix A (CRC32c).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Source port          |        Destination port       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                        Verification tag                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                            Checksum                           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Chunk's type | Chunk's flags |         Chunk's length        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                         Chunk's value                         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Chunks follow each other, padded to 4 octets; the length does not count the padding.
 */
import { crc32c } from './crc32c.js'
import { NOWHERE } from './view.js'

const SRC_PORT = 0
const DST_PORT = 2
const CHECKSUM = 8
const FIRST_CHUNK = 12
const CHUNK_LEN = 2

export const SCTP_MIN_LEN = 12
/** Common header and the first chunk's: what IPVS must see of a packet. */
export const SCTP_CHUNK_LEN = SCTP_MIN_LEN + 4

export const SctpChunk = {
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
  SHUTDOWN_COMPLETE: 14,
} as const

/** Reads and writes an SCTP packet in place. SCTP_CHUNK_LEN octets must be there. */
export class SctpView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /** Type of the first chunk. */
  get firstChunk(): number {
    return this.#dv.getUint8(this.#at + FIRST_CHUNK)
  }
  /** Type of the second chunk, of a packet of `len` octets; −1 if it has none. Chunks are padded to 4 octets. */
  secondChunk(len: number): number {
    const firstLen = (this.#dv.getUint16(this.#at + FIRST_CHUNK + CHUNK_LEN) + 3) & ~3
    const at = FIRST_CHUNK + firstLen
    return at + 4 <= len ? this.#dv.getUint8(this.#at + at) : -1
  }

  /** Sets the port; if that changes it, the checksum over the `len` octets is made anew, wrong or right as it was (case sctp). */
  rewriteSrcPort(port: number, len: number): void {
    this.#rewritePort(SRC_PORT, port, len)
  }
  /** As rewriteSrcPort. */
  rewriteDstPort(port: number, len: number): void {
    this.#rewritePort(DST_PORT, port, len)
  }
  /** Both ports at once: the checksum covers all of the packet. */
  rewritePorts(srcPort: number, dstPort: number, len: number): void {
    if (this.#dv.getUint16(this.#at + SRC_PORT) === srcPort) return this.rewriteDstPort(dstPort, len)
    this.#dv.setUint16(this.#at + DST_PORT, dstPort)
    this.rewriteSrcPort(srcPort, len)
  }

  #rewritePort(field: number, port: number, len: number): void {
    if (this.#dv.getUint16(this.#at + field) === port) return
    this.#dv.setUint16(this.#at + field, port)
    this.#dv.setUint32(this.#at + CHECKSUM, 0)
    // The CRC goes out least significant octet first (RFC 9260 appendix A).
    this.#dv.setUint32(this.#at + CHECKSUM, crc32c(this.#dv, this.#at, len), true)
  }
}
