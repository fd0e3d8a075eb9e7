import { writeSync } from 'node:fs'
import { CapturedDirection } from './captured-frame.js'
import { LinkType } from './link-types.js'
import { BlockType, BYTE_ORDER_MAGIC, OPTION_HEAD, OptionCode, padded } from './pcapng-blocks.js'
import { Views } from './views.js'

const ROOM = 1 << 20
/** Of a frame's block, beside the frame and its comment: head, flags, the heads of two options, the end of options, the length. */
const MOST_OVERHEAD = 28 + 8 + OPTION_HEAD + OPTION_HEAD + 4 + 8
const NANOSECONDS = 9
const LONGEST_COMMENT = 0xffff
const TWO_TO_32 = 2 ** 32

/** The first `len` octets. */
export interface Text {
  readonly bytes: Uint8Array
  readonly len: number
}

/** What is written of a frame besides its octets. */
export interface FrameNote {
  interface: number
  seconds: number
  nanoseconds: number
  direction: CapturedDirection
  /** Octets that it had on the wire. */
  originalLen: number
  /** The comment, UTF-8, is both; nothing: none. Two, since the second one may be another frame's too. */
  head: Text
  comment: Text
}

/** Writes frames of Ethernet interfaces to a pcapng file, with nanoseconds and comments. Memory does not grow. */
export class PcapngWriter {
  readonly #fd: number
  readonly #views = new Views()
  readonly #bytes = Buffer.alloc(ROOM)
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, ROOM)
  #at = 0
  /** Frames that have been written. */
  frames = 0

  /** `program`: what writes. `interfaces`: their names, by number. */
  constructor(fd: number, program: string, interfaces: readonly string[]) {
    this.#fd = fd
    this.#section(program)
    for (const name of interfaces) this.#interface(name)
  }

  /** `len` octets at `at`. Throws a system error if they cannot be written. */
  frame(bytes: Uint8Array, at: number, len: number, note: FrameNote): void {
    const { head, comment } = note
    const commentLen = head.len + comment.len
    if (commentLen > LONGEST_COMMENT) throw new RangeError(`a comment of ${commentLen} octets`)
    const most = MOST_OVERHEAD + padded(len) + padded(commentLen)
    if (this.#at + most > ROOM) this.flush()
    if (most > ROOM) throw new RangeError(`a frame of ${len} octets`)
    const view = this.#view
    const start = this.#at
    view.setUint32(start, BlockType.ENHANCED_PACKET, true)
    view.setUint32(start + 8, note.interface, true)
    this.#time(start + 12, note.seconds, note.nanoseconds)
    view.setUint32(start + 20, len, true)
    view.setUint32(start + 24, Math.max(len, note.originalLen), true)
    let end = start + 28
    this.#bytes.set(this.#views.of(bytes, at, len), end)
    end = this.#pad(end + len)
    view.setUint32(end, OptionCode.PACKET_FLAGS | (4 << 16), true)
    view.setUint32(end + 4, note.direction, true)
    end += 8
    if (commentLen > 0) {
      view.setUint32(end, OptionCode.COMMENT | (commentLen << 16), true)
      end = this.#pad(this.#put(comment, this.#put(head, end + OPTION_HEAD)))
    }
    view.setUint32(end, OptionCode.END, true)
    this.#end(start, end + OPTION_HEAD)
    this.frames++
  }

  /** Hands all that is there to the system. */
  flush(): void {
    for (let at = 0; at < this.#at;) at += writeSync(this.#fd, this.#bytes, at, this.#at - at)
    this.#at = 0
  }

  /** Returns where it ends. */
  #put({ bytes, len }: Text, at: number): number {
    this.#bytes.set(this.#views.of(bytes, 0, len), at)
    return at + len
  }
  #section(program: string): void {
    const view = this.#view
    view.setUint32(0, BlockType.SECTION, true)
    view.setUint32(8, BYTE_ORDER_MAGIC, true)
    view.setUint16(12, 1, true)
    view.setUint16(14, 0, true)
    view.setUint32(16, 0xffffffff, true) // the section's length: not said
    view.setUint32(20, 0xffffffff, true)
    this.#end(0, this.#endOptions(this.#text(24, OptionCode.USER_APPLICATION, program)))
  }
  #interface(name: string): void {
    const view = this.#view
    const start = this.#at
    view.setUint32(start, BlockType.INTERFACE, true)
    view.setUint32(start + 8, LinkType.ETHERNET, true)
    view.setUint32(start + 12, 0, true) // no snapshot length
    const end = this.#text(start + 16, OptionCode.NAME, name)
    view.setUint32(end, OptionCode.TIME_RESOLUTION | (1 << 16), true)
    view.setUint32(end + 4, NANOSECONDS, true)
    this.#end(start, this.#endOptions(end + 8))
  }
  #text(at: number, code: number, text: string): number {
    const len = this.#bytes.write(text, at + OPTION_HEAD, 'utf8')
    this.#view.setUint32(at, code | (len << 16), true)
    return this.#pad(at + OPTION_HEAD + len)
  }
  #endOptions(at: number): number {
    this.#view.setUint32(at, OptionCode.END, true)
    return at + OPTION_HEAD
  }
  /** Zeros up to the next multiple of 4, counted from the file's beginning; blocks begin at such. */
  #pad(at: number): number {
    for (; (at & 3) !== 0; at++) this.#bytes[at] = 0
    return at
  }
  /** Writes the block's lengths; its last octet so far is before `end`. */
  #end(start: number, end: number): void {
    const len = end + 4 - start
    this.#view.setUint32(start + 4, len, true)
    this.#view.setUint32(end, len, true)
    this.#at = end + 4
  }
  /** Nanoseconds since 1970 in two words, the higher first, without numbers beyond 2^53. */
  #time(at: number, seconds: number, nanoseconds: number): void {
    const upper = Math.floor(seconds / 0x1_0000) * 1e9
    const lower = (upper % 0x1_0000) * 0x1_0000 + (seconds % 0x1_0000) * 1e9 + nanoseconds
    this.#view.setUint32(at, Math.floor(upper / 0x1_0000) + Math.floor(lower / TWO_TO_32), true)
    this.#view.setUint32(at + 4, lower % TWO_TO_32, true)
  }
}
