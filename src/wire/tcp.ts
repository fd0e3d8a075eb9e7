// RFC 9293 §3.1.
import { pseudoHeaderSum, sum16, update16, update32, updateSum32 } from './checksum.js'
import { IpProtocol } from './ipv4.js'
import { NOWHERE } from './view.js'

const SRC_PORT = 0
const DST_PORT = 2
const SEQ = 4
const ACK = 8
const DATA_OFFSET = 12
const FLAGS = 13
const WINDOW = 14
const CHECKSUM = 16
const URGENT = 18

export const TCP_MIN_LEN = 20
export const TCP_CHECKSUM_AT = CHECKSUM
export const TcpFlag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const

/** Reads and writes a TCP header in place. The 20 octets must be there: `isValid` for the rest. */
export class TcpView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /** Whether `len` octets (header and payload) hold the header that the data offset announces. */
  isValid(len: number): boolean {
    return len >= TCP_MIN_LEN && this.headerLen >= TCP_MIN_LEN && this.headerLen <= len
  }

  get srcPort(): number {
    return this.#dv.getUint16(this.#at + SRC_PORT)
  }
  get dstPort(): number {
    return this.#dv.getUint16(this.#at + DST_PORT)
  }
  get seq(): number {
    return this.#dv.getUint32(this.#at + SEQ)
  }
  get ack(): number {
    return this.#dv.getUint32(this.#at + ACK)
  }
  /** Octets of the header, options included. */
  get headerLen(): number {
    return (this.#dv.getUint8(this.#at + DATA_OFFSET) >>> 4) << 2
  }
  /** TcpFlag bits. */
  get flags(): number {
    return this.#dv.getUint8(this.#at + FLAGS)
  }
  get checksum(): number {
    return this.#dv.getUint16(this.#at + CHECKSUM)
  }

  /** Sets the port and mends the checksum for it and for the change of source address. */
  rewriteSrc(from: number, to: number, port: number): void {
    const check = update32(update16(this.checksum, this.srcPort, port), from, to)
    this.#dv.setUint16(this.#at + SRC_PORT, port)
    this.#dv.setUint16(this.#at + CHECKSUM, check)
  }
  /** Sets the port and mends the checksum for it and for the change of destination address. */
  rewriteDst(from: number, to: number, port: number): void {
    const check = update32(update16(this.checksum, this.dstPort, port), from, to)
    this.#dv.setUint16(this.#at + DST_PORT, port)
    this.#dv.setUint16(this.#at + CHECKSUM, check)
  }
  /** As rewriteSrc where the checksum field holds only the pseudo-header sum: ports are not in it. */
  rewriteSrcPartial(from: number, to: number, port: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, updateSum32(this.checksum, from, to))
    this.#dv.setUint16(this.#at + SRC_PORT, port)
  }
  /** As rewriteDst where the checksum field holds only the pseudo-header sum: ports are not in it. */
  rewriteDstPartial(from: number, to: number, port: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, updateSum32(this.checksum, from, to))
    this.#dv.setUint16(this.#at + DST_PORT, port)
  }

  /** Sets sequence number and flags of a segment whose checksum is not there yet. */
  makeSegment(seq: number, flags: number): void {
    this.#dv.setUint32(this.#at + SEQ, seq)
    this.#dv.setUint8(this.#at + FLAGS, flags)
  }

  /** Writes a header of 20 octets without payload, its checksum for the given addresses. Window 0. */
  build(src: number, dst: number, srcPort: number, dstPort: number, seq: number, ack: number, flags: number): void {
    const dv = this.#dv
    const at = this.#at
    dv.setUint16(at + SRC_PORT, srcPort)
    dv.setUint16(at + DST_PORT, dstPort)
    dv.setUint32(at + SEQ, seq)
    dv.setUint32(at + ACK, ack)
    dv.setUint8(at + DATA_OFFSET, 0x50)
    dv.setUint8(at + FLAGS, flags)
    dv.setUint16(at + WINDOW, 0)
    dv.setUint16(at + CHECKSUM, 0)
    dv.setUint16(at + URGENT, 0)
    const pseudo = pseudoHeaderSum(src, dst, IpProtocol.TCP, TCP_MIN_LEN)
    dv.setUint16(at + CHECKSUM, ~sum16(dv, at, TCP_MIN_LEN, pseudo) & 0xffff)
  }
}
