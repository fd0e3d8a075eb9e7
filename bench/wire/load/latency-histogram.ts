/*
 * A histogram of latencies in the manner of HdrHistogram: exact to the µs up to 63, above that 32 steps to each doubling,
 * so that a value read is at most 1/32 too high. Fixed memory, no allocation when recording.
 */
const STEPS_LOG2 = 5
const STEPS = 1 << STEPS_LOG2
/** Up to 2³¹ µs, over half an hour. */
const SLOTS = (31 - STEPS_LOG2 + 1) * STEPS

export class LatencyHistogram {
  readonly #counts = new Uint32Array(SLOTS)
  #count = 0

  get count(): number {
    return this.#count
  }

  record(us: number): void {
    const slot = slotOf(Math.max(0, Math.min(us, 0x7fffffff)) | 0)
    this.#counts[slot] = this.#counts[slot]! + 1
    this.#count++
  }

  /** The percentile in µs; NaN if nothing was recorded. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil((this.#count * percent) / 100))
    let seen = 0
    for (let slot = 0; slot < SLOTS; slot++) {
      seen += this.#counts[slot]!
      if (seen >= wanted) return mostIn(slot)
    }
    return NaN
  }
}

function slotOf(us: number): number {
  const shift = Math.max(0, 31 - Math.clz32(us) - STEPS_LOG2)
  return shift * STEPS + (us >> shift)
}

/** The largest value that is counted in a slot. */
function mostIn(slot: number): number {
  const shift = Math.max(0, (slot >> STEPS_LOG2) - 1)
  const step = slot - shift * STEPS
  return (step + 1) * 2 ** shift - 1
}
