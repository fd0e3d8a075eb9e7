const DROP = 'drop-'

/** Sees when a reason for drops reaches a rate that it did not have at the look before. */
export class DropJumps {
  readonly #rate: number
  #atMs = NaN
  #counts: Readonly<Record<string, number>> = {}
  #above: ReadonlySet<string> = new Set()

  /** Frames a second. */
  constructor(rate: number) {
    this.#rate = rate
  }

  /** The steepest jump since the look before; undefined: none. */
  look(counts: Readonly<Record<string, number>>, nowMs: number): { reason: string; perSecond: number } | undefined {
    const seconds = (nowMs - this.#atMs) / 1000
    const before = this.#counts
    this.#atMs = nowMs
    this.#counts = counts
    if (!(seconds > 0)) return undefined
    const rates = Object.entries(counts)
      .filter(([reason]) => reason.startsWith(DROP))
      .map(([reason, count]) => ({ reason, perSecond: (count - (before[reason] ?? 0)) / seconds }))
      .filter(({ perSecond }) => perSecond >= this.#rate)
      .toSorted((one, other) => other.perSecond - one.perSecond)
    const was = this.#above
    this.#above = new Set(rates.map(({ reason }) => reason))
    return rates.find(({ reason }) => !was.has(reason))
  }
}
