/** How much faster than its rate one that has fallen behind may go. */
const CATCH_UP = 1.25
/** A gap longer than this is not made up for at once: what has been waiting must not come as one burst. */
const STEP_MS = 0.5
/** What is owed from longer ago is forgiven; the rate was not kept then, which the total shows. */
const DEBT_MS = 50

/** When to send so many frames a second. It knows no clock: each call is told the time, in milliseconds. */
export class Pace {
  readonly #perMs: number
  readonly #batch: number
  /** By the rate, and by the rate of one who catches up, as it has been for STEP_MS: the smaller may go. */
  #owed = 0
  #may = 0
  #last: number

  /** `batch`: frames are sent so many at a time. A rate of Infinity is as fast as it goes. */
  constructor(perSecond: number, batch: number, nowMs: number) {
    this.#perMs = perSecond / 1000
    this.#batch = batch
    this.#last = nowMs
  }

  /** Frames to be sent now: 0, or whole batches. */
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

  /** Milliseconds until a batch is due. */
  waitMs(): number {
    const wait = Math.max(this.#batch - this.#owed, (this.#batch - this.#may) / CATCH_UP) / this.#perMs
    return Math.max(0, wait)
  }
}
