import type { Counters } from '../../service/counters.js'

/** The kernel's estimator runs every 2 s; listings show its values (ipvs-behaviour.md §11.2). */
const TICK_MS = 2000

/** Ticks the counters of services and destinations. */
export class CounterTick {
  readonly #counters: Counters
  #nextTick: number
  /** The time of the last tick, in ms. */
  #tickedAt: number

  constructor(counters: Counters, nowMs: number) {
    this.#counters = counters
    this.#nextTick = nowMs + TICK_MS
    this.#tickedAt = nowMs
  }

  /** Whole ms until `poll` ticks. */
  dueIn(nowMs: number): number {
    return Math.max(0, Math.ceil(this.#nextTick - nowMs))
  }
  /** Whether `poll` will tick. */
  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextTick
  }

  /**
   * Ticks every 2 s. `isEstimating`: sysctl run_estimation; without it shown counters stand still. Called before the frames of
   * this time, so that nothing was counted between missed ticks. Its work is bounded. Returns whether all is done.
   */
  poll(nowMs: number, isEstimating: boolean): boolean {
    if (nowMs < this.#nextTick) return this.#counters.sweep()
    const ticks = 1 + Math.floor((nowMs - this.#nextTick) / TICK_MS)
    this.#nextTick += TICK_MS * ticks
    if (!isEstimating) return this.#counters.sweep()
    this.#tickedAt = nowMs
    return this.#counters.tick(ticks)
  }

  /** The age of the shown counters, in ms. Well above 2000: no tick has come. */
  ageMs(nowMs: number): number {
    return nowMs - this.#tickedAt
  }
}
