import { closeSync, lstatSync, unlinkSync, writeSync } from 'node:fs'
import { reasonOf } from '../../linux/error-text.js'
import { type OpenFifo, openFifo } from '../../linux/fifo.js'
import type { UserIds } from './user-ids.js'

/**
 * A FIFO that lines are written to. It waits for nobody: what does not fit (64 KiB that no reader has taken) is dropped and counted, and
 * said once, with the number when there is room again.
 */
export class NotifyFifo {
  readonly path: string
  readonly #open: OpenFifo
  readonly #tell: (line: string) => void
  #dropped = 0

  /** `owner` of one that is made. Error where it cannot be opened. */
  constructor(path: string, owner: UserIds | undefined, tell: (line: string) => void) {
    this.path = path
    this.#open = openFifo(path, owner)
    this.#tell = tell
  }

  /** Lines that were dropped since the last that was not. */
  get dropped(): number {
    return this.#dropped
  }

  /** A line without its end: it is written whole or not at all. */
  write(line: string): void {
    try {
      writeSync(this.#open.fd, `${line}\n`)
    } catch (error) {
      if (this.#dropped++ > 0) return
      const { code } = error as NodeJS.ErrnoException
      const why = code === 'EAGAIN' ? 'it is full: its reader is gone or too slow' : reasonOf(error)
      this.#tell(`notify FIFO ${this.path}: lines are dropped: ${why}`)
      return
    }
    if (this.#dropped > 0) this.#tell(`notify FIFO ${this.path}: ${this.#dropped} lines were dropped`)
    this.#dropped = 0
  }

  /** Readers come to the end. One that was made here is removed, unless it has been replaced since. */
  close(): void {
    const { fd } = this.#open
    closeSync(fd)
  }

  remove(): void {
    const { isOurs, inode } = this.#open
    if (!isOurs) return
    try {
      if (lstatSync(this.path).ino === inode) unlinkSync(this.path)
    } catch {
      // It is gone already.
    }
  }
}
