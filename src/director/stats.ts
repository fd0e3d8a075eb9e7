import type { AddressHandOver } from '../forward/address-hand-over.js'
import type { IcmpErrors } from '../forward/icmp-error.js'
import { verdictNames, VERDICTS, type Verdict } from '../packet/verdict.js'
import type { Counters } from '../service/counters.js'

/** The kernel's estimator runs every 2 s, and listings show what it saw (ipvs-behaviour.md §11.2). */
const TICK_MS = 2000

/** Counts verdicts, and ticks for the counters of services and destinations. */
export class Stats {
  readonly #verdicts = new Float64Array(VERDICTS)
  readonly #counters: Counters
  readonly #errors: IcmpErrors
  readonly #handOver: AddressHandOver
  #nextTick: number
  /** When the numbers that are shown were taken, in ms. */
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
   * `isEstimating`: sysctl run_estimation; without it what is shown stands still. Called before the frames of `now`, so
   * nothing was counted between the ticks that it comes too late for. Its work is bounded. Returns whether all is done.
   */
  poll(now: number, isEstimating: boolean): boolean {
    if (now < this.#nextTick) return this.#counters.sweep()
    const ticks = 1 + Math.floor((now - this.#nextTick) / TICK_MS)
    this.#nextTick += TICK_MS * ticks
    if (!isEstimating) return this.#counters.sweep()
    this.#tickedAt = now
    return this.#counters.tick(ticks)
  }

  /** How old the numbers are that are shown, in ms: above two seconds and some, no tick has come. */
  age(now: number): number {
    return now - this.#tickedAt
  }

  /** Every verdict by name, the ICMP errors sent and withheld, and the segments that went without the TOA option. */
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
