/*
 * pcap (draft-ietf-opsawg-pcap): a file header, then records.
 *  header: magic, major version, minor version, reserved ×2, snapshot length, link type     24 octets
 *  record: seconds, micro- or nanoseconds, captured length, original length, the frame      16 octets and the frame
 */
import { CaptureError } from './capture-error.js'
import {
  CapturedDirection,
  LONGEST_FRAME,
  type CapturedFrame,
  type CaptureInterface,
  type FormatReader,
} from './captured-frame.js'
import type { FileWindow } from './file-window.js'

const MICROSECONDS = 0xa1b2c3d4
const NANOSECONDS = 0xa1b23c4d
const HEADER_LEN = 24
const RECORD_LEN = 16
/** Above the link type stand flags and the length of a frame check sequence. */
const LINK_TYPE = 0xffff

/** Whether a file that begins with these octets is a pcap. */
export function isPcap(view: DataView, at: number): boolean {
  return [true, false].some(little => [MICROSECONDS, NANOSECONDS].includes(view.getUint32(at, little)))
}

export class PcapReader implements FormatReader {
  readonly interfaces: readonly CaptureInterface[]
  readonly #file: FileWindow
  readonly #little: boolean
  readonly #perSecond: number
  readonly #linkType: number

  /** At the beginning of a file for which `isPcap` is true. */
  constructor(file: FileWindow) {
    this.#file = file
    if (!file.has(HEADER_LEN)) throw new CaptureError(0, `the file ends within pcap's header of ${HEADER_LEN} octets`)
    const { view, at } = file
    const magic = view.getUint32(at, true)
    this.#little = magic === MICROSECONDS || magic === NANOSECONDS
    this.#perSecond = view.getUint32(at, this.#little) === NANOSECONDS ? 1e9 : 1e6
    this.#linkType = view.getUint32(at + 20, this.#little) & LINK_TYPE
    this.interfaces = [{ name: undefined, linkType: this.#linkType }]
    file.at += HEADER_LEN
  }

  next(frame: CapturedFrame): boolean {
    const file = this.#file
    if (!file.has(RECORD_LEN)) {
      if (file.left === 0) return false
      throw new CaptureError(
        file.offset,
        `the file ends within a record's header: ${file.left} of ${RECORD_LEN} octets`,
      )
    }
    const { view, at } = file
    const len = view.getUint32(at + 8, this.#little)
    if (len > LONGEST_FRAME)
      throw new CaptureError(file.offset + 8, `a captured length of ${len} octets, more than ${LONGEST_FRAME}`)
    if (!file.has(RECORD_LEN + len))
      throw new CaptureError(file.offset, `the file ends within a frame: ${file.left - RECORD_LEN} of ${len} octets`)
    this.#fill(frame, len)
    file.at += RECORD_LEN + len
    return true
  }

  #fill(frame: CapturedFrame, len: number): void {
    const { view, at, bytes } = this.#file
    const fraction = view.getUint32(at + 4, this.#little)
    const whole = Math.floor(fraction / this.#perSecond)
    frame.seconds = view.getUint32(at, this.#little) + whole
    frame.nanoseconds = (fraction - whole * this.#perSecond) * (1e9 / this.#perSecond)
    frame.bytes = bytes
    frame.view = view
    frame.at = at + RECORD_LEN
    frame.len = len
    frame.originalLen = Math.max(view.getUint32(at + 12, this.#little), len)
    frame.linkType = this.#linkType
    frame.direction = CapturedDirection.UNKNOWN
  }
}
