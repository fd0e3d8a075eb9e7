/** The window of the estimate, in seconds. */
const WINDOW_S = 30
/** The least seconds of observation for an estimate. */
const LEAST_S = 3

/** Estimates how fast connections end, from recent counts. */
export class DrainEstimate {
  readonly #seen: { at: number; left: number }[] = []

  /** Records that `left` connections remain at `at` seconds. */
  see(at: number, left: number): void {
    this.#seen.push({ at, left })
    while (this.#seen[0]!.at < at - WINDOW_S) this.#seen.shift()
  }

  /** Connections ending a second, recently; undefined until there is enough data. */
  get perSecond(): number | undefined {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)]
    if (!first || !last || last.at - first.at < LEAST_S) return undefined
    return (first.left - last.left) / (last.at - first.at)
  }

  /** Seconds until none is left at that rate; Infinity if the count does not fall. */
  get secondsLeft(): number | undefined {
    const pace = this.perSecond
    if (pace === undefined) return undefined
    return pace > 0 ? this.#seen.at(-1)!.left / pace : Infinity
  }
}
