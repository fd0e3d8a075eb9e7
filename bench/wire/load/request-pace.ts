/** Requests are sent in groups of those that fall into so much time: a client that woke up for each would measure its own waking. */
const GROUP_MS = 0.05

/**
 * The times at which requests are to be sent, whatever has become of those before (an open loop): a request that cannot be
 * sent in time is late, and its latency counts from when it should have been. It knows no clock.
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

  /** When request `i`, from 0, is to be sent, in milliseconds of the clock that the beginning was given in. */
  timeOf(i: number): number {
    return this.#began + Math.floor(i / this.#group) * this.#groupMs
  }
}
