/** Lines a second of all clients together. */
export const LINES_PER_SECOND = 5000
/** Lines at once after a quiet second. */
export const BURST = 5000
/** A line counts as one more for each so many bytes: long ones are more work. */
export const BYTES_PER_LINE = 4096

/**
 * Limits the rate of requests by a token bucket. A connection that finds it empty waits and is not read meanwhile. Waiting ones
 * are served in order, so that no client gets more than its share.
 */
export class RequestRate {
  readonly #now: () => number
  #left = BURST
  #filledAt: number
  readonly #waiting: { cost: number; go: () => void }[] = []

  /** `now` reads the clock, in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#filledAt = now()
  }

  /** Whether a line of so many bytes may be answered now. If not, `go` is called as soon as it may. */
  take(bytes: number, go: () => void): boolean {
    const cost = 1 + Math.floor(bytes / BYTES_PER_LINE)
    this.#fill()
    if (this.#waiting.length === 0 && this.#left >= cost) {
      this.#left -= cost
      return true
    }
    if (this.#waiting.push({ cost, go }) === 1) this.#later()
    return false
  }

  #fill(): void {
    const now = this.#now()
    this.#left = Math.min(BURST, this.#left + ((now - this.#filledAt) * LINES_PER_SECOND) / 1000)
    this.#filledAt = now
  }
  #later(): void {
    const missing = (this.#waiting[0]?.cost ?? 0) - this.#left
    setTimeout(() => this.#serve(), Math.max(1, (missing * 1000) / LINES_PER_SECOND)).unref()
  }
  #serve(): void {
    this.#fill()
    for (let first = this.#waiting[0]; first && this.#left >= first.cost; first = this.#waiting[0]) {
      this.#left -= first.cost
      this.#waiting.shift()
      first.go()
    }
    if (this.#waiting.length > 0) this.#later()
  }
}
