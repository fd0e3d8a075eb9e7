/** Cuts a stream into lines and keeps what has no end yet. */
export class LineSplitter {
  #kept: Buffer[] = []
  #length = 0
  readonly #max: number

  /** Lines longer than `max` bytes are refused. */
  constructor(max: number) {
    this.#max = max
  }

  /** Whether a line has begun and not ended. */
  get hasPart(): boolean {
    return this.#length > 0
  }

  /** The lines that `chunk` ends, or undefined from the first one that is too long on. */
  push(chunk: Buffer): Buffer[] | undefined {
    const lines: Buffer[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, end))
      if (this.#length > this.#max) return undefined
      lines.push(this.#take())
      from = end + 1
    }
    this.#keep(chunk.subarray(from))
    return this.#length > this.#max ? undefined : lines
  }

  #keep(piece: Buffer): void {
    if (piece.length > 0) this.#kept.push(piece)
    this.#length += piece.length
  }

  #take(): Buffer {
    const [first = Buffer.alloc(0), ...more] = this.#kept
    const line = more.length > 0 ? Buffer.concat(this.#kept, this.#length) : first
    this.#kept = []
    this.#length = 0
    return line
  }
}
