import type { Buckets } from '../protocol/api.js'

/** Seconds of the first bucket, and buckets: the last but one ends at a second. */
const SHORTEST_US = 4
const TIMES = 20
/** A device gives 256 frames a turn at most. */
const BATCHES = 12

/**
 * Counts what it is told by powers of two: the first bucket takes up to `first`, each further one up to twice as much,
 * the last whatever is more. Nothing is allocated after it was made.
 */
export class PowerHistogram {
  readonly #first: number
  /** The buckets, and after them the sum. */
  readonly #counts: Float64Array

  constructor(first: number, buckets: number) {
    this.#first = first
    this.#counts = new Float64Array(buckets + 1)
  }

  add(value: number): void {
    const counts = this.#counts
    const above = Math.ceil(value / this.#first) - 1
    const bucket = above <= 0 ? 0 : Math.min(32 - Math.clz32(above), counts.length - 2)
    counts[bucket]!++
    counts[counts.length - 1]! += value
  }

  /** As it is now; boundaries and sum times `scale`. */
  read(scale = 1): Buckets {
    const counts = [...this.#counts]
    const sum = counts.pop()! * scale
    return { upTo: counts.slice(1).map((_, i) => this.#first * 2 ** i * scale), counts, sum }
  }
}

/** What the turns of the loop were like that had anything to do: frames, or requests of the control side. */
export class TurnFigures {
  readonly #microseconds = new PowerHistogram(SHORTEST_US, TIMES)
  readonly #frames = new PowerHistogram(1, BATCHES)

  /** Once a turn, when the next one begins: that is known without another look at the clock. */
  add(frames: number, ms: number): void {
    this.#microseconds.add(ms * 1000)
    if (frames > 0) this.#frames.add(frames)
  }
  read(): { seconds: Buckets; frames: Buckets } {
    return { seconds: this.#microseconds.read(1e-6), frames: this.#frames.read() }
  }
}
