const WIDTH = 30
const EVERY_MS = 100

/** A line on standard error that is written over, if that is a terminal: how far a long run is. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream
  readonly #began = performance.now()
  #shown = 0

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream
  }

  /** Whether it is time for another: nobody reads more than ten in a second. */
  isDue(): boolean {
    return this.#stream.isTTY && performance.now() - this.#shown >= EVERY_MS
  }
  get seconds(): number {
    return (performance.now() - this.#began) / 1000
  }
  /** No wider than the terminal: a line that is broken into two cannot be written over. */
  show(text: string): void {
    this.#shown = performance.now()
    this.#stream.write(`\r${text.slice(0, Math.max((this.#stream.columns || 80) - 1, 1))}\u001b[K`)
  }
  /** Takes it away. */
  end(): void {
    if (this.#shown > 0) this.#stream.write('\r\u001b[K')
  }
}

/** How much of a file has been read, and how fast. */
export class Progress {
  readonly #size: number
  readonly #line: ProgressLine

  /** `size`: octets of the file; 0: not known. */
  constructor(size: number, stream?: NodeJS.WriteStream) {
    this.#size = size
    this.#line = new ProgressLine(stream)
  }

  show(offset: number, frames: number): void {
    if (this.#line.isDue()) this.#line.show(barLine(offset, this.#size, frames, this.#line.seconds))
  }
  /** Takes the bar away. */
  end(): void {
    this.#line.end()
  }
}

/** `[########------]  57 %  1234567 frames, 412 000 a second` */
export function barLine(offset: number, size: number, frames: number, seconds: number): string {
  const rate = `${Math.round(frames / Math.max(seconds, 0.001) / 1000)} 000 a second`
  const count = `${frames} frames, ${rate}`
  return size === 0 ? count : `${bar(offset / size)}  ${count}`
}

/** `[########------]  57 %`, of a share from 0 to 1. */
export function bar(share: number): string {
  const part = Math.min(share, 1)
  const done = Math.round(part * WIDTH)
  return `[${'#'.repeat(done)}${'-'.repeat(WIDTH - done)}] ${String(Math.floor(part * 100)).padStart(3)} %`
}
