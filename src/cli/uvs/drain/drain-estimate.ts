/** As far back as the pace is taken from. */
const WINDOW_S = 30
/** Fewer seconds tell too little. */
const LEAST_S = 3

/** How fast connections go, from how many there were lately. */
export class DrainEstimate {
  readonly #seen: { at: number; left: number }[] = []

  /** There are `left` at `at` seconds. */
  see(at: number, left: number): void {
    this.#seen.push({ at, left })
    while (this.#seen[0]!.at < at - WINDOW_S) this.#seen.shift()
  }

  /** How many go in a second, of late; undefined until that can be told. */
  get perSecond(): number | undefined {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)]
    if (!first || !last || last.at - first.at < LEAST_S) return undefined
    return (first.left - last.left) / (last.at - first.at)
  }

  /** Seconds until none is left, at that pace; Infinity where they do not get fewer. */
  get secondsLeft(): number | undefined {
    const pace = this.perSecond
    if (pace === undefined) return undefined
    return pace > 0 ? this.#seen.at(-1)!.left / pace : Infinity
  }
}
