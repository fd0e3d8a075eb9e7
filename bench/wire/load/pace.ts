/** How much faster than its rate a sender may go to catch up. */
const CATCH_UP = 1.25
/** A longer gap, in ms, is not made up for at once: what waited must not be sent as one burst. */
const STEP_MS = 0.5
/** Frames due longer ago than this, in ms, are dropped; the rate was missed then, which the total shows. */
const DEBT_MS = 50

/** Decides when to send, at a rate in frames a second. It reads no clock: each call takes the time in milliseconds. */
export class Pace {
  readonly #perMs: number
  readonly #batch: number
  /** The frames due by the rate, and by the catch-up rate over the last STEP_MS: the smaller number may be sent. */
  #owed = 0
  #may = 0
  #last: number

  /** `batch`: frames are sent in multiples of this. A rate of Infinity means as fast as possible. */
  constructor(perSecond: number, batch: number, nowMs: number) {
    this.#perMs = perSecond / 1000
    this.#batch = batch
    this.#last = nowMs
  }

  /** Frames to send now: 0, or whole batches. */
  due(nowMs: number): number {
    if (this.#perMs === Infinity) return this.#batch
    const earned = (nowMs - this.#last) * this.#perMs
    this.#last = nowMs
    this.#owed = Math.min(this.#owed + earned, DEBT_MS * this.#perMs + this.#batch)
    this.#may = Math.min(this.#may + CATCH_UP * earned, CATCH_UP * STEP_MS * this.#perMs + this.#batch)
    const due = Math.floor(Math.min(this.#owed, this.#may) / this.#batch) * this.#batch
    this.#owed -= due
    this.#may -= due
    return due
  }

  /** Milliseconds until the next batch is due. */
  waitMs(): number {
    const wait = Math.max(this.#batch - this.#owed, (this.#batch - this.#may) / CATCH_UP) / this.#perMs
    return Math.max(0, wait)
  }
}
