/*
 * RFC 9293 §3.1.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Source port          |        Destination port       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                        Sequence number                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                     Acknowledgement number                    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Offset| Reserv|C|E|U|A|P|R|S|F|            Window             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |            Checksum           |         Urgent pointer        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Options, up to 40 octets                   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Offset: octets of the header, in words of 4.
 */
import type { Ipv4Addr } from './addr.js'
import { fold, pseudoHeaderSum, sum16, update16, update32, updateSum32 } from './checksum.js'
import { IpProtocol } from './ipv4.js'
import { NOWHERE } from './view.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { TCP } = IpProtocol

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
/** Octets of a header with all the options it has room for. */
export const TCP_MAX_LEN = 60
export const TCP_DATA_OFFSET_AT = DATA_OFFSET
export const TCP_FLAGS_AT = FLAGS
export const TCP_CHECKSUM_AT = CHECKSUM
export const TcpFlag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, CWR: 128 } as const
export const TcpOption = { END: 0, NOP: 1, MSS: 2, SACK: 5, MPTCP: 30, TOA: 254 } as const

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
  get window(): number {
    return this.#dv.getUint16(this.#at + WINDOW)
  }
  get checksum(): number {
    return this.#dv.getUint16(this.#at + CHECKSUM)
  }
  /**
   * Returns where the value of an option begins, in octets from the header; 0 if the option is not there, or not `len` octets long in all
   * (0: any). `from`: where an option ends, to look on from there.
   */
  findOption(kind: number, len: number, from = TCP_MIN_LEN): number {
    const end = this.headerLen
    let at = from
    while (at < end) {
      const found = this.#dv.getUint8(this.#at + at)
      if (found === TcpOption.END) return 0
      if (found === TcpOption.NOP) {
        at++
        continue
      }
      const octets = at + 1 < end ? this.#dv.getUint8(this.#at + at + 1) : 0
      if (octets < 2 || at + octets > end) return 0
      if (found === kind) return len === 0 || octets === len ? at + 2 : 0
      at += octets
    }
    return 0
  }
  /** Octets of the option whose value begins at `offset`, kind and length counted. */
  optionLen(offset: number): number {
    return this.#dv.getUint8(this.#at + offset - 1)
  }
  optionWord(offset: number): number {
    return this.#dv.getUint32(this.#at + offset)
  }
  optionHalf(offset: number): number {
    return this.#dv.getUint16(this.#at + offset)
  }
  /** The sum of all options; they are whole words. */
  get optionsSum(): number {
    return sum16(this.#dv, this.#at + TCP_MIN_LEN, this.headerLen - TCP_MIN_LEN)
  }

  /** Sets the port and mends the checksum for it and for the change of source address. */
  rewriteSrc(from: Ipv4Addr, to: Ipv4Addr, port: number): void {
    const check = update32(update16(this.checksum, this.srcPort, port), from, to)
    this.#dv.setUint16(this.#at + SRC_PORT, port)
    this.#dv.setUint16(this.#at + CHECKSUM, check)
  }
  /** Sets the port and mends the checksum for it and for the change of destination address. */
  rewriteDst(from: Ipv4Addr, to: Ipv4Addr, port: number): void {
    const check = update32(update16(this.checksum, this.dstPort, port), from, to)
    this.#dv.setUint16(this.#at + DST_PORT, port)
    this.#dv.setUint16(this.#at + CHECKSUM, check)
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
  /** Sets the sequence number. `partial`: the checksum field holds the pseudo-header sum only, which does not cover it. */
  rewriteSeq(seq: number, partial: boolean): void {
    if (!partial) this.#dv.setUint16(this.#at + CHECKSUM, update32(this.checksum, this.seq, seq))
    this.#dv.setUint32(this.#at + SEQ, seq)
  }
  /** As rewriteSeq, the acknowledgement number. */
  rewriteAck(ack: number, partial: boolean): void {
    if (!partial) this.#dv.setUint16(this.#at + CHECKSUM, update32(this.checksum, this.ack, ack))
    this.#dv.setUint32(this.#at + ACK, ack)
  }
  /** As rewriteSeq, the flags. */
  rewriteFlags(flags: number, partial: boolean): void {
    const before = this.#dv.getUint16(this.#at + DATA_OFFSET)
    const after = (before & 0xff00) | flags
    if (!partial) this.#dv.setUint16(this.#at + CHECKSUM, update16(this.checksum, before, after))
    this.#dv.setUint16(this.#at + DATA_OFFSET, after)
  }
  /** As rewriteSeq, the window. */
  rewriteWindow(window: number, partial: boolean): void {
    if (!partial) this.#dv.setUint16(this.#at + CHECKSUM, update16(this.checksum, this.window, window))
    this.#dv.setUint16(this.#at + WINDOW, window)
  }
  /** Sets 32 bits of an option, wherever it begins. */
  rewriteOptionWord(offset: number, word: number, partial: boolean): void {
    const odd = (offset & 1) !== 0
    if (!partial)
      this.#mend(odd ? swapped(this.optionWord(offset)) : this.optionWord(offset), odd ? swapped(word) : word)
    this.#dv.setUint32(this.#at + offset, word)
  }
  /** As rewriteOptionWord, 16 bits. */
  rewriteOptionHalf(offset: number, half: number, partial: boolean): void {
    const odd = (offset & 1) !== 0
    if (!partial)
      this.#mend(odd ? swapped(this.optionHalf(offset)) : this.optionHalf(offset), odd ? swapped(half) : half)
    this.#dv.setUint16(this.#at + offset, half)
  }
  /**
   * Widens a header that has been moved 8 octets forward, up to its options, by an option of 8: the octets at 20 to 27
   * are free. The checksum is mended for it and for the pseudo header's length.
   */
  insertOption(kind: number, half: number, word: number, transportLen: number, partial: boolean): void {
    const dv = this.#dv
    const at = this.#at
    const before = dv.getUint16(at + DATA_OFFSET)
    const after = before + 0x2000
    const first = (kind << 8) | 8
    dv.setUint16(at + DATA_OFFSET, after)
    dv.setUint16(at + TCP_MIN_LEN, first)
    dv.setUint16(at + TCP_MIN_LEN + 2, half)
    dv.setUint32(at + TCP_MIN_LEN + 4, word)
    let check = this.checksum
    if (partial) check = updateSum32(check, transportLen - 8, transportLen)
    else {
      check = update16(check, before, after)
      check = update16(check, transportLen - 8, transportLen)
      check = ~fold((~check & 0xffff) + first + half + (word >>> 16) + (word & 0xffff)) & 0xffff
    }
    dv.setUint16(at + CHECKSUM, check)
  }
  /** Mends the checksum for options that have changed; `before` is what `optionsSum` was. */
  optionsChanged(before: number, partial: boolean): void {
    if (!partial) this.#dv.setUint16(this.#at + CHECKSUM, update16(this.checksum, before, this.optionsSum))
  }
  /** Mends the checksum for the last `len` of the `transportLen` octets being cut off. */
  cut(len: number, transportLen: number, partial: boolean): void {
    const left = transportLen - len
    let check = this.checksum
    if (partial) check = updateSum32(check, transportLen, left)
    else {
      // Headers are whole words long, so the payload's sum is not shifted by an octet.
      check = update16(check, sum16(this.#dv, this.#at + left, len), 0)
      check = update16(check, transportLen, left)
    }
    this.#dv.setUint16(this.#at + CHECKSUM, check)
  }

  /** Sets sequence number and flags of a segment whose checksum is not there yet. */
  makeSegment(seq: number, flags: number): void {
    this.#dv.setUint32(this.#at + SEQ, seq)
    this.#dv.setUint8(this.#at + FLAGS, flags)
  }
  /** Makes a header, copied with its options, one of a segment of its own: flags, and the checksum over `len` octets anew. */
  rebuild(flags: number, src: Ipv4Addr, dst: Ipv4Addr, len: number): void {
    const dv = this.#dv
    const at = this.#at
    dv.setUint8(at + DATA_OFFSET, dv.getUint8(at + DATA_OFFSET) & 0xf0)
    dv.setUint8(at + FLAGS, flags)
    dv.setUint16(at + URGENT, 0)
    dv.setUint16(at + CHECKSUM, 0)
    dv.setUint16(at + CHECKSUM, ~sum16(dv, at, len, pseudoHeaderSum(src, dst, TCP, len)) & 0xffff)
  }
  /** Begins a header of 20 octets without payload, of window 0. `withNumbers`, `withFlags` and, last, `finish` must follow. */
  build(srcPort: number, dstPort: number): this {
    const dv = this.#dv
    const at = this.#at
    dv.setUint16(at + SRC_PORT, srcPort)
    dv.setUint16(at + DST_PORT, dstPort)
    dv.setUint8(at + DATA_OFFSET, 0x50)
    dv.setUint16(at + WINDOW, 0)
    dv.setUint16(at + CHECKSUM, 0)
    dv.setUint16(at + URGENT, 0)
    return this
  }
  withNumbers(seq: number, ack: number): this {
    this.#dv.setUint32(this.#at + SEQ, seq)
    this.#dv.setUint32(this.#at + ACK, ack)
    return this
  }
  withFlags(flags: number): this {
    this.#dv.setUint8(this.#at + FLAGS, flags)
    return this
  }
  /** Writes the checksum, for these addresses. */
  finish(src: Ipv4Addr, dst: Ipv4Addr): void {
    const pseudo = pseudoHeaderSum(src, dst, TCP, TCP_MIN_LEN)
    this.#dv.setUint16(this.#at + CHECKSUM, ~sum16(this.#dv, this.#at, TCP_MIN_LEN, pseudo) & 0xffff)
  }

  #mend(from: number, to: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, update32(this.checksum, from, to))
  }
}

/** The octets of each 16-bit half exchanged: how what stands at an odd offset counts in a checksum (RFC 1071 §2B). */
function swapped(word: number): number {
  return ((word & 0x00ff00ff) << 8) | ((word >>> 8) & 0x00ff00ff)
}
