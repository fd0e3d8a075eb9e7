import type { AddressHandOver } from '../forward/address-hand-over.js'
import type { IcmpErrors } from '../forward/icmp-error.js'
import type { Front } from '../packet/front.js'
import type { LaterFates } from '../packet/later-fates.js'
import { verdictNames, Verdict, VERDICTS } from '../packet/verdict.js'

/** Counts frames that came in and their verdicts, and gathers what the forwarders count by name. */
export class VerdictCounters {
  /** Frames that came in. */
  received = 0
  readonly #verdicts = new Float64Array(VERDICTS)
  readonly fates: LaterFates
  readonly #errors: IcmpErrors
  readonly #handOver: AddressHandOver
  readonly #front: Front | undefined
  /** What the front had refused at the last `clear`. */
  #refusedBefore = 0

  constructor(errors: IcmpErrors, handOver: AddressHandOver, front: Front | undefined, fates: LaterFates) {
    this.fates = fates
    this.#front = front
    this.#errors = errors
    this.#handOver = handOver
  }

  count(verdict: Verdict): void {
    this.#verdicts[verdict]!++
  }
  of(verdict: Verdict): number {
    return this.#verdicts[verdict]! + this.fates.counted[verdict]!
  }
  /** Frames that another of several directors answers: nothing was to be decided here. */
  get overheard(): number {
    return this.#verdicts[Verdict.PASS]!
  }
  /** Every verdict's count by name, ICMP errors sent and withheld, and segments sent without the TOA option. */
  byName(): Record<string, number> {
    const byName: Record<string, number> = {}
    for (const [verdict, name] of verdictNames) if (verdict !== 0) byName[name] = this.of(verdict)
    byName['drop-syn-budget'] = this.#refused - this.#refusedBefore
    byName['icmp-errors-sent'] = this.#errors.sent
    byName['icmp-errors-limited'] = this.#errors.limited
    byName['toa-options-full'] = this.#handOver.optionsFull
    byName['toa-too-big'] = this.#handOver.tooBig
    return byName
  }
  clear(): void {
    this.received = 0
    this.#verdicts.fill(0)
    this.fates.clear()
    this.#refusedBefore = this.#refused
    this.#errors.sent = 0
    this.#errors.limited = 0
    this.#handOver.optionsFull = 0
    this.#handOver.tooBig = 0
  }

  get #refused(): number {
    return this.#front?.synsRefused ?? 0
  }
}
