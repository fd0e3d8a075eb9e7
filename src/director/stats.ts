import type { AddressHandOver } from '../forward/address-hand-over.js'
import type { IcmpErrors } from '../forward/icmp-error.js'
import { verdictNames, VERDICTS, type Verdict } from '../packet/verdict.js'
import type { Counters } from '../service/counters.js'

/** The kernel's estimator runs every 2 s; listings show its values (ipvs-behaviour.md §11.2). */
const TICK_MS = 2000

/** Counts verdicts, and ticks the counters of services and destinations. */
export class Stats {
  readonly #verdicts = new Float64Array(VERDICTS)
  readonly #counters: Counters
  readonly #errors: IcmpErrors
  readonly #handOver: AddressHandOver
  #nextTick: number
  /** The time of the last tick, in ms. */
  #tickedAt: number

  constructor(counters: Counters, errors: IcmpErrors, handOver: AddressHandOver, now: number) {
    this.#counters = counters
    this.#errors = errors
    this.#handOver = handOver
    this.#nextTick = now + TICK_MS
    this.#tickedAt = now
  }

  count(verdict: Verdict): void {
    this.#verdicts[verdict]!++
  }
  /**
   * Ticks every 2 s. `isEstimating`: sysctl run_estimation; without it shown counters stand still. Called before the frames of
   * this time, so that nothing was counted between missed ticks. Its work is bounded. Returns whether all is done.
   */
  poll(now: number, isEstimating: boolean): boolean {
    if (now < this.#nextTick) return this.#counters.sweep()
    const ticks = 1 + Math.floor((now - this.#nextTick) / TICK_MS)
    this.#nextTick += TICK_MS * ticks
    if (!isEstimating) return this.#counters.sweep()
    this.#tickedAt = now
    return this.#counters.tick(ticks)
  }

  /** The age of the shown counters, in ms. Well above 2000: no tick has come. */
  age(now: number): number {
    return now - this.#tickedAt
  }

  /** Every verdict's count by name, ICMP errors sent and withheld, and segments sent without the TOA option. */
  byName(): Record<string, number> {
    const byName: Record<string, number> = {}
    for (const [verdict, name] of verdictNames) if (verdict !== 0) byName[name] = this.#verdicts[verdict]!
    byName['icmp-errors-sent'] = this.#errors.sent
    byName['icmp-errors-limited'] = this.#errors.limited
    byName['toa-options-full'] = this.#handOver.optionsFull
    byName['toa-too-big'] = this.#handOver.tooBig
    return byName
  }
  clear(): void {
    this.#verdicts.fill(0)
    this.#errors.sent = 0
    this.#errors.limited = 0
    this.#handOver.optionsFull = 0
    this.#handOver.tooBig = 0
  }
}
