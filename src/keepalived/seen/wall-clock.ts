/** A step of the wall clock: less is how the two clocks drift. */
const STEP_MS = 1000

/**
 * When a time of the steady clock was, by the wall clock. The same moment is the same number each time it is asked for, until the wall clock
 * is set.
 */
export class WallClock {
  readonly #wallMs: () => number
  #offsetMs: number | undefined

  /** `wallMs`: ms since 1970. */
  constructor(wallMs: () => number = Date.now) {
    this.#wallMs = wallMs
  }

  /** Seconds since 1970 of the moment `atMs`, to the millisecond; `nowMs` is the steady clock's time now. */
  secondsAt(atMs: number, nowMs: number): number {
    const offsetMs = this.#wallMs() - nowMs
    if (this.#offsetMs === undefined || Math.abs(offsetMs - this.#offsetMs) >= STEP_MS) this.#offsetMs = offsetMs
    return Math.round(atMs + this.#offsetMs) / 1000
  }
}

/** Seconds from now until a moment, to the millisecond; what is overdue is due now. */
export function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(0, Math.round(atMs - nowMs)) / 1000
}
