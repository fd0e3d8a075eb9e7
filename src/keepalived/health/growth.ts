/** The weight of a real server grows in steps this far apart, one change each. */
export const STEP_MS = 1000

/** slow_start: which share of its weight a real server that has returned has by now. A pure machine in time that is handed in. */
export class Growth {
  /** Of the weight: 1 but while it grows. */
  share = 1
  #sinceMs: number | undefined

  get isUnderWay(): boolean {
    return this.#sinceMs !== undefined
  }

  /** The server has returned, or is still kept out. */
  begin(nowMs: number): void {
    this.#sinceMs = nowMs
    this.share = 0
  }

  /** It is all there, or gone. */
  end(): void {
    this.#sinceMs = undefined
    this.share = 1
  }

  /** A step is due: not before the first has lasted a whole one. `wholeMs`: from the return to all of the weight. */
  advance(nowMs: number, wholeMs: number): void {
    if (this.#sinceMs === undefined || nowMs - this.#sinceMs < STEP_MS) return
    this.share = (nowMs - this.#sinceMs) / wholeMs
    if (!(this.share < 1)) this.end()
  }

  /** What it has of `weight`: 1 at least, unless that is 0. */
  of(weight: number): number {
    return this.share === 1 ? weight : Math.min(weight, Math.max(1, Math.floor(weight * this.share)))
  }
}
