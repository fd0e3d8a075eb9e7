/** Requests due within the same interval are sent together: a client that woke up for each would measure its own wake-ups. */
const GROUP_MS = 0.05

/**
 * The times at which requests are due, whatever became of earlier ones (an open loop): a request sent late
 * has its latency counted from when it was due. It reads no clock.
 */
export class RequestPace {
  readonly #began: number
  readonly #group: number
  readonly #groupMs: number

  constructor(perSecond: number, beganMs: number) {
    if (!(perSecond > 0)) throw new RangeError(`a rate of ${perSecond} requests a second`)
    this.#began = beganMs
    this.#group = Math.max(1, Math.round((perSecond / 1000) * GROUP_MS))
    this.#groupMs = (this.#group / perSecond) * 1000
  }

  /** When request `i`, from 0, is due, in milliseconds of the same clock as the start time. */
  timeOf(i: number): number {
    return this.#began + Math.floor(i / this.#group) * this.#groupMs
  }
}
