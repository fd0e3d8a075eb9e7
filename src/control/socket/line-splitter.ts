/** Cuts a stream into lines on demand and keeps an unfinished one. */
export class LineSplitter {
  /** Data not yet cut. */
  readonly #chunks: Buffer[] = []
  /** The parts of an unfinished line. */
  #kept: Buffer[] = []
  #length = 0
  readonly #max: number

  /** `max`: the most bytes of a line. */
  constructor(max: number) {
    this.#max = max
  }

  /** Whether a line is unfinished. */
  get hasPart(): boolean {
    return this.#length > 0
  }
  /** Whether the unfinished line is too long. Then no more lines come. */
  get isTooLong(): boolean {
    return this.#length > this.#max
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  /** The next finished line, without its newline. */
  next(): Buffer | undefined {
    for (let chunk = this.#chunks.shift(); chunk; chunk = this.#chunks.shift()) {
      const end = chunk.indexOf(10)
      this.#keep(end < 0 ? chunk : chunk.subarray(0, end))
      if (this.isTooLong) return undefined
      if (end < 0) continue
      if (end + 1 < chunk.length) this.#chunks.unshift(chunk.subarray(end + 1))
      return this.#take()
    }
    return undefined
  }

  #keep(piece: Buffer): void {
    if (piece.length > 0) this.#kept.push(piece)
    this.#length += piece.length
  }

  #take(): Buffer {
    const line = Buffer.concat(this.#kept, this.#length)
    this.#kept = []
    this.#length = 0
    return line
  }
}
