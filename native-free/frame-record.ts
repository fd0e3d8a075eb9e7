import { closeSync, openSync } from 'node:fs'
import { CapturedDirection } from '../src/capture/captured-frame.js'
import { PcapngWriter, type FrameNote } from '../src/capture/pcapng-writer.js'
import type { Slab } from '../src/packet/frame.js'
import { FrameCompleter } from './frame-completer.js'

export interface RecordingOptions {
  /** The path of a pcapng file, which is overwritten. */
  out: string
  /** The time that frames have, in ms since 1970: `() => network.now`. Fractions count. */
  now: () => number
}

const NOTHING = { bytes: new Uint8Array(0), len: 0 }

/** A pcapng file of one interface, whose frames have complete checksums. */
export class FrameRecord {
  readonly #fd: number
  readonly #writer: PcapngWriter
  readonly #now: () => number
  readonly #completer = new FrameCompleter()
  readonly #note: FrameNote = {
    interface: 0,
    seconds: 0,
    nanoseconds: 0,
    direction: CapturedDirection.UNKNOWN,
    originalLen: 0,
    head: NOTHING,
    comment: NOTHING,
  }

  constructor({ out, now }: RecordingOptions, name: string) {
    this.#fd = openSync(out, 'w')
    this.#writer = new PcapngWriter(this.#fd, 'uvs', [name])
    this.#now = now
  }

  write(slab: Slab, at: number, len: number, direction: CapturedDirection): void {
    const note = this.#note
    const ms = this.#now()
    note.seconds = Math.floor(ms / 1000)
    note.nanoseconds = Math.round((ms - note.seconds * 1000) * 1e6)
    note.direction = direction
    note.originalLen = len
    this.#writer.frame(this.#completer.complete(slab, at, len), 0, len, note)
  }
  close(): void {
    this.#writer.flush()
    closeSync(this.#fd)
  }
}
