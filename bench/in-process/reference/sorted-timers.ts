/** Timers in one array, sorted by due time. */
export class SortedTimers {
  readonly #timers: { at: number; id: number }[] = []
  readonly #at: Float64Array

  constructor(count: number) {
    this.#at = new Float64Array(count)
  }

  start(id: number, at: number): void {
    this.#timers.splice(this.#place(at, id), 0, { at, id })
    this.#at[id] = at
  }
  restart(id: number, at: number): void {
    this.#timers.splice(this.#place(this.#at[id]!, id), 1)
    this.start(id, at)
  }
  get next(): number | undefined {
    return this.#timers[0]?.id
  }

  /** The index at which a timer is or belongs: sorted by time, then by number. */
  #place(at: number, id: number): number {
    let [low, high] = [0, this.#timers.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const timer = this.#timers[middle]!
      if (timer.at < at || (timer.at === at && timer.id < id)) low = middle + 1
      else high = middle
    }
    return low
  }
}
