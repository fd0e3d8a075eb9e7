import { CaptureError } from './capture-error.js'
import type { CapturedFrame, CaptureInterface, FormatReader } from './captured-frame.js'
import { FileWindow } from './file-window.js'
import { isPcap, PcapReader } from './pcap-reader.js'
import { isPcapng, PcapngReader } from './pcapng-reader.js'

const MAGIC_LEN = 4

/**
 * Reads the frames of a capture file, pcap or pcapng of either byte order, one after the other: memory does not grow with the file.
 * CaptureError where the file is corrupt; the frames before that have been read.
 */
export class CaptureReader implements FormatReader {
  readonly #file: FileWindow
  readonly #format: FormatReader
  #frames = 0

  /** CaptureError if it is no capture. */
  constructor(fd: number) {
    this.#file = new FileWindow(fd)
    const { view } = this.#file
    if (!this.#file.has(MAGIC_LEN)) throw new CaptureError(0, `no capture: the file has ${this.#file.left} octets`)
    if (isPcapng(view, 0)) this.#format = new PcapngReader(this.#file)
    else if (isPcap(view, 0)) this.#format = new PcapReader(this.#file)
    else
      throw new CaptureError(
        0,
        `neither pcap nor pcapng: it begins with ${this.#file.bytes.toString('hex', 0, MAGIC_LEN)}`,
      )
  }

  /** Interfaces that are known so far. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#format.interfaces
  }
  /** Frames that have been read. */
  get frames(): number {
    return this.#frames
  }
  /** Octets of the file that have been read. */
  get offset(): number {
    return this.#file.offset
  }

  next(frame: CapturedFrame): boolean {
    if (!this.#format.next(frame)) return false
    this.#frames++
    return true
  }
}
