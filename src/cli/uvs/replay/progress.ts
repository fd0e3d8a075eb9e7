const WIDTH = 30
const EVERY_MS = 100

/** A bar on standard error, if that is a terminal: how much of the file has been read, and how fast. */
export class Progress {
  readonly #size: number
  readonly #stream: NodeJS.WriteStream
  readonly #began = performance.now()
  #shown = 0

  /** `size`: octets of the file; 0: not known. */
  constructor(size: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#size = size
    this.#stream = stream
  }

  show(offset: number, frames: number): void {
    const now = performance.now()
    if (!this.#stream.isTTY || now - this.#shown < EVERY_MS) return
    this.#shown = now
    this.#stream.write(`\r${barLine(offset, this.#size, frames, (now - this.#began) / 1000)}`)
  }
  /** Takes the bar away. */
  end(): void {
    if (this.#shown > 0) this.#stream.write('\r\u001b[K')
  }
}

/** `[########------]  57 %  1234567 frames, 412 000 a second` */
export function barLine(offset: number, size: number, frames: number, seconds: number): string {
  const rate = `${Math.round(frames / Math.max(seconds, 0.001) / 1000)} 000 a second`
  if (size === 0) return `${frames} frames, ${rate}`
  const share = Math.min(offset / size, 1)
  const done = Math.round(share * WIDTH)
  const percent = String(Math.floor(share * 100)).padStart(3)
  return `[${'#'.repeat(done)}${'-'.repeat(WIDTH - done)}] ${percent} %  ${frames} frames, ${rate}`
}
