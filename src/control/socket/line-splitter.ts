/** Cuts a stream into lines, as they are asked for, and keeps what has no end yet. */
export class LineSplitter {
  /** What came and is not yet cut. */
  readonly #chunks: Buffer[] = []
  /** The pieces of a line that has begun. */
  #kept: Buffer[] = []
  #length = 0
  readonly #max: number

  /** Lines may have `max` bytes. */
  constructor(max: number) {
    this.#max = max
  }

  /** Whether a line has begun and not ended. */
  get hasPart(): boolean {
    return this.#length > 0
  }
  /** Whether the line that has begun is too long. No more lines come then. */
  get isTooLong(): boolean {
    return this.#length > this.#max
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  /** The next line that has ended. */
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
