import type { Buckets } from '../protocol/api.js'

/** The first bucket's upper bound in µs, and the number of buckets: the last but one ends at about a second. */
const SHORTEST_US = 4
const TIMES = 20
/** Buckets of frames a turn. A device gives at most 256. */
const BATCHES = 12

/**
 * A histogram by powers of two: the first bucket holds values up to `first`, each next one up to twice as much, the last one all
 * larger values. Allocates nothing after construction.
 */
export class PowerHistogram {
  readonly #first: number
  /** The buckets, then the sum. */
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

  /** The current counts. Bounds and sum are multiplied by `scale`. */
  read(scale = 1): Buckets {
    const counts = [...this.#counts]
    const sum = counts.pop()! * scale
    return { upTo: counts.slice(1).map((_, i) => this.#first * 2 ** i * scale), counts, sum }
  }
}

/** Durations and frames of the loop's turns that had frames or requests. */
export class TurnCounters {
  readonly #microseconds = new PowerHistogram(SHORTEST_US, TIMES)
  readonly #frames = new PowerHistogram(1, BATCHES)

  /** Called for a turn when the next one begins, so that the clock is read once a turn. */
  add(frames: number, ms: number): void {
    this.#microseconds.add(ms * 1000)
    if (frames > 0) this.#frames.add(frames)
  }
  read(): { seconds: Buckets; frames: Buckets } {
    return { seconds: this.#microseconds.read(1e-6), frames: this.#frames.read() }
  }
}
