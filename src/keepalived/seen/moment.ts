import type { WallClock } from './wall-clock.js'

/** The moment at which states are looked at. */
export interface Moment {
  /** Of the steady clock that their times are of. */
  readonly nowMs: number
  readonly clock: WallClock
}
