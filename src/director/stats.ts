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
  #nextTick: number

  constructor(counters: Counters, errors: IcmpErrors, now: number) {
    this.#counters = counters
    this.#errors = errors
    this.#nextTick = now + TICK_MS
  }

  count(verdict: Verdict): void {
    this.#verdicts[verdict]!++
  }
  /** `isEstimating`: sysctl run_estimation; without it what is shown stands still. */
  poll(now: number, isEstimating: boolean): void {
    if (now < this.#nextTick) return
    if (isEstimating) this.#counters.snapshot()
    this.#nextTick += TICK_MS * (1 + Math.floor((now - this.#nextTick) / TICK_MS))
  }

  /** Every verdict by name, and the ICMP errors sent and withheld. */
  byName(): Record<string, number> {
    const byName: Record<string, number> = {}
    for (const [verdict, name] of verdictNames) if (verdict !== 0) byName[name] = this.#verdicts[verdict]!
    byName['icmp-errors-sent'] = this.#errors.sent
    byName['icmp-errors-limited'] = this.#errors.limited
    return byName
  }
  clear(): void {
    this.#verdicts.fill(0)
    this.#errors.sent = 0
    this.#errors.limited = 0
  }
}
