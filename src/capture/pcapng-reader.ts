/*
 * pcapng: blocks of type, length, body, length. Frames are in enhanced, simple and (obsolete) packet blocks; each section has its
 * own byte order and interfaces. Blocks of other types are passed over.
 */
import { CaptureError } from './capture-error.js'
import {
  CapturedDirection,
  LONGEST_FRAME,
  type CapturedFrame,
  type CaptureInterface,
  type FormatReader,
} from './captured-frame.js'
import { divide64, type Divided } from './divide.js'
import type { FileWindow } from './file-window.js'
import { BLOCK_OVERHEAD, BlockType, BYTE_ORDER_MAGIC, OPTION_HEAD, OptionCode, padded } from './pcapng-blocks.js'

/** Longer blocks are corrupt: no frame and no list of names is. */
const LONGEST_BLOCK = 1 << 24
const MOST_INTERFACES = 4096
const SECTION_LEAST = 28
const INTERFACE_LEAST = 20
/** Fixed fields of the blocks that hold frames, with type and length. */
const ENHANCED_HEAD = 28
const SIMPLE_HEAD = 12

interface Interface extends CaptureInterface {
  snapLen: number
  perSecond: number
  offsetSeconds: number
}

/** Whether a file that begins with these octets is a pcapng. */
export function isPcapng(view: DataView, at: number): boolean {
  return view.getUint32(at) === BlockType.SECTION
}

export class PcapngReader implements FormatReader {
  /** Those of all sections so far; a frame names one of them by its index. */
  readonly interfaces: Interface[] = []
  readonly #file: FileWindow
  #little = true
  /** Index of the section's first interface. */
  #first = 0
  readonly #divided: Divided = { quotient: 0, remainder: 0 }

  /** At the beginning of a file for which `isPcapng` is true. */
  constructor(file: FileWindow) {
    this.#file = file
  }

  next(frame: CapturedFrame): boolean {
    const file = this.#file
    for (;;) {
      if (!file.has(BLOCK_OVERHEAD)) {
        if (file.left === 0) return false
        throw new CaptureError(file.offset, `the file ends within a block's header: ${file.left} of 12 octets`)
      }
      const len = this.#enter()
      const isFrame = this.#read(frame, file.view.getUint32(file.at, this.#little), len)
      file.at += len
      if (isFrame) return true
    }
  }

  /** Checks the block's lengths, and has all of it there. Returns its length. */
  #enter(): number {
    const file = this.#file
    if (isPcapng(file.view, file.at)) this.#little = this.#byteOrder()
    const len = file.view.getUint32(file.at + 4, this.#little)
    if (len < BLOCK_OVERHEAD || len % 4 !== 0 || len > LONGEST_BLOCK)
      throw new CaptureError(
        file.offset + 4,
        `a block's length of ${len} is not a multiple of 4 from ${BLOCK_OVERHEAD} to ${LONGEST_BLOCK}`,
      )
    if (!file.has(len))
      throw new CaptureError(file.offset, `the file ends within a block: ${file.left} of ${len} octets`)
    const again = file.view.getUint32(file.at + len - 4, this.#little)
    if (again !== len)
      throw new CaptureError(file.offset + len - 4, `a block of ${len} octets ends with a length of ${again}`)
    return len
  }
  /** True: little endian. */
  #byteOrder(): boolean {
    const { view, at, offset } = this.#file
    if (view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) return true
    if (view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC) return false
    throw new CaptureError(offset + 8, 'a section without the byte-order magic 1a2b3c4d')
  }

  /** Returns whether the block holds a frame. */
  #read(frame: CapturedFrame, type: number, len: number): boolean {
    switch (type) {
      case BlockType.SECTION:
        this.#section(len)
        return false
      case BlockType.INTERFACE:
        this.#interface(len)
        return false
      case BlockType.ENHANCED_PACKET:
        return this.#packet(frame, len, this.#file.view.getUint32(this.#file.at + 8, this.#little))
      case BlockType.PACKET:
        return this.#packet(frame, len, this.#file.view.getUint16(this.#file.at + 8, this.#little))
      case BlockType.SIMPLE_PACKET:
        return this.#simple(frame, len)
      default:
        return false
    }
  }

  #section(len: number): void {
    const { offset } = this.#file
    if (len < SECTION_LEAST)
      throw new CaptureError(offset, `a section's header of ${len} octets, less than ${SECTION_LEAST}`)
    const major = this.#file.view.getUint16(this.#file.at + 12, this.#little)
    if (major !== 1) throw new CaptureError(offset + 12, `pcapng of version ${major}, not 1`)
    this.#first = this.interfaces.length
  }

  #interface(len: number): void {
    const { view, at, offset, bytes } = this.#file
    if (len < INTERFACE_LEAST)
      throw new CaptureError(offset, `an interface's block of ${len} octets, less than ${INTERFACE_LEAST}`)
    if (this.interfaces.length === MOST_INTERFACES)
      throw new CaptureError(offset, `more than ${MOST_INTERFACES} interfaces`)
    let name: string | undefined
    let perSecond = 1e6
    let offsetSeconds = 0
    this.#options(at + 16, at + len - 4, (code, from, optionLen) => {
      if (code === OptionCode.NAME) name = nameOf(bytes.toString('utf8', from, from + optionLen))
      if (code === OptionCode.TIME_RESOLUTION && optionLen === 1) perSecond = resolution(view.getUint8(from))
      if (code === OptionCode.TIME_OFFSET && optionLen === 8)
        offsetSeconds = Number(view.getBigInt64(from, this.#little))
    })
    const linkType = view.getUint16(at + 8, this.#little)
    const snapLen = view.getUint32(at + 12, this.#little)
    this.interfaces.push({ name, linkType, snapLen, perSecond, offsetSeconds })
  }

  #packet(frame: CapturedFrame, len: number, which: number): boolean {
    const { view, at, offset } = this.#file
    if (len < ENHANCED_HEAD + 4)
      throw new CaptureError(offset, `a frame's block of ${len} octets, less than ${ENHANCED_HEAD + 4}`)
    const from = this.#interfaceAt(which)
    const captured = view.getUint32(at + 20, this.#little)
    this.#place(frame, ENHANCED_HEAD, len, captured, view.getUint32(at + 24, this.#little))
    frame.interface = this.#first + which
    frame.linkType = from.linkType
    divide64(
      view.getUint32(at + 12, this.#little),
      view.getUint32(at + 16, this.#little),
      from.perSecond,
      this.#divided,
    )
    frame.seconds = this.#divided.quotient + from.offsetSeconds
    frame.nanoseconds = Math.floor((this.#divided.remainder * 1e9) / from.perSecond)
    frame.direction = CapturedDirection.UNKNOWN
    const options = at + ENHANCED_HEAD + padded(captured)
    if (options < at + len - 4)
      this.#options(options, at + len - 4, (code, place, optionLen) => {
        if (code !== OptionCode.PACKET_FLAGS || optionLen !== 4) return
        const direction = view.getUint32(place, this.#little) & 3
        frame.direction = direction === 1 || direction === 2 ? direction : CapturedDirection.UNKNOWN
      })
    return true
  }

  /** Without a time: it has that of the frame before. */
  #simple(frame: CapturedFrame, len: number): boolean {
    const { view, at, offset } = this.#file
    if (len < SIMPLE_HEAD + 4)
      throw new CaptureError(offset, `a frame's block of ${len} octets, less than ${SIMPLE_HEAD + 4}`)
    const { linkType, snapLen } = this.#interfaceAt(0)
    const original = view.getUint32(at + 8, this.#little)
    const captured = Math.min(original, snapLen || original, len - SIMPLE_HEAD - 4)
    this.#place(frame, SIMPLE_HEAD, len, captured, original)
    frame.interface = this.#first
    frame.linkType = linkType
    frame.direction = CapturedDirection.UNKNOWN
    return true
  }

  #interfaceAt(which: number): Interface {
    const found = this.interfaces[this.#first + which]
    if (!found)
      throw new CaptureError(
        this.#file.offset + 8,
        `a frame of interface ${which}, of which the section has ${this.interfaces.length - this.#first}`,
      )
    return found
  }

  #place(frame: CapturedFrame, head: number, len: number, captured: number, original: number): void {
    const { view, at, offset, bytes } = this.#file
    if (captured > len - head - 4 || captured > LONGEST_FRAME)
      throw new CaptureError(offset, `a captured length of ${captured} octets in a block of ${len}`)
    frame.bytes = bytes
    frame.view = view
    frame.at = at + head
    frame.len = captured
    frame.originalLen = Math.max(original, captured)
  }

  /** Calls `each` for the options up to `end`: code, where the value begins, its length. */
  #options(at: number, end: number, each: (code: number, from: number, len: number) => void): void {
    const { view, at: begin, offset } = this.#file
    while (at + OPTION_HEAD <= end) {
      const code = view.getUint16(at, this.#little)
      const len = view.getUint16(at + 2, this.#little)
      if (code === OptionCode.END) return
      if (at + OPTION_HEAD + len > end)
        throw new CaptureError(offset + at - begin, `an option of ${len} octets reaches beyond its block`)
      each(code, at + OPTION_HEAD, len)
      at += OPTION_HEAD + padded(len)
    }
  }
}

/** Without what a terminal would obey. */
function nameOf(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_C}]/gu, '')
}

/** Ticks a second, from if_tsresol: a negative power of 10, or of 2 with the top bit. */
function resolution(value: number): number {
  return (value & 0x80) === 0 ? 10 ** value : 2 ** (value & 0x7f)
}
