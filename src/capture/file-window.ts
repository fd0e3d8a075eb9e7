import { readSync } from 'node:fs'
import { NOWHERE } from '../wire/view.js'

const FIRST_SIZE = 1 << 20

/** A part of a file that is read from its beginning to its end: grows only to what is asked for at once. */
export class FileWindow {
  bytes: Buffer
  view: DataView = NOWHERE
  /** Where reading goes on, in `bytes`. */
  at = 0
  readonly #fd: number
  #end = 0
  /** Octets of the file before `bytes`. */
  #before = 0

  constructor(fd: number, size = FIRST_SIZE) {
    this.#fd = fd
    this.bytes = Buffer.allocUnsafe(size)
    this.#look()
  }

  /** Where reading goes on, in octets from the beginning of the file. */
  get offset(): number {
    return this.#before + this.at
  }
  /** Octets that are there. */
  get left(): number {
    return this.#end - this.at
  }

  /** Whether so many octets are there from `at` on. May move what is there, and `at` with it. */
  has(count: number): boolean {
    return this.#end - this.at >= count || this.#read(count)
  }

  #read(count: number): boolean {
    this.#makeRoom(count)
    while (this.#end - this.at < count) {
      const read = readSync(this.#fd, this.bytes, this.#end, this.bytes.length - this.#end, null)
      if (read === 0) return false
      this.#end += read
    }
    return true
  }
  #makeRoom(count: number): void {
    const from = this.bytes
    if (count > from.length) this.bytes = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(count)))
    from.copy(this.bytes, 0, this.at, this.#end)
    this.#before += this.at
    this.#end -= this.at
    this.at = 0
    if (this.bytes !== from) this.#look()
  }
  #look(): void {
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
  }
}
