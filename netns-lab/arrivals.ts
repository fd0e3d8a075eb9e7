/** What of one run has come: each frame by its number, so that one that comes twice makes up for none that is lost. */
export class Arrivals {
  readonly #seen: Uint32Array
  #run = 0
  received = 0
  /** Came again. */
  repeated = 0
  /** Of another run, or with a number that no frame has. */
  strange = 0

  /** For runs of up to `most` frames. */
  constructor(readonly most: number) {
    this.#seen = new Uint32Array(Math.ceil(most / 32))
  }

  begin(run: number): void {
    this.#run = run
    this.#seen.fill(0)
    this.received = this.repeated = this.strange = 0
  }

  take(run: number, number: number): void {
    if (run !== this.#run || number >= this.most) {
      this.strange++
      return
    }
    const bit = 1 << (number & 31)
    const word = number >>> 5
    if ((this.#seen[word]! & bit) !== 0) this.repeated++
    else {
      this.#seen[word]! |= bit
      this.received++
    }
  }
}

/** The most frames of a run; a bit each in the sink. */
export const MOST_FRAMES = 1 << 23
