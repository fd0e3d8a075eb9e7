import type { GarpSettings } from './settings.js'

/** Sets that may wait at a time: a flood of lower adverts asks for no more. */
const MOST_WAITING = 64

interface Waiting {
  readonly dueMs: number
  readonly rounds: number
}

/** When a master announces its addresses, and how often each time. Only counts: `due` says how many rounds there are to send. */
export class Announcements {
  #waiting: Waiting[] = []
  #refreshAtMs = Infinity
  #extraAtMs = Infinity

  /** Became master. Returns the rounds to send now. */
  start(garp: GarpSettings, nowMs: number): number {
    if (garp.masterDelayMs > 0) this.#later(nowMs + garp.masterDelayMs, garp.masterRepeat)
    this.#refreshAtMs = garp.masterRefreshMs > 0 ? nowMs + garp.masterRefreshMs : Infinity
    this.startExtra(garp, nowMs)
    return garp.masterRepeat
  }

  /** Heard a lower advert: others may believe its sender. Returns the rounds to send now. */
  afterLower(garp: GarpSettings, nowMs: number): number {
    if (garp.lowerPrioDelayMs > 0 && garp.lowerPrioRepeat > 0) {
      this.#later(nowMs + garp.lowerPrioDelayMs, garp.lowerPrioRepeat)
    }
    return garp.lowerPrioRepeat
  }

  /** With an advert: the rounds of a refresh, if it is due. */
  refresh(garp: GarpSettings, nowMs: number): number {
    if (nowMs < this.#refreshAtMs) return 0
    this.#refreshAtMs = garp.masterRefreshMs > 0 ? nowMs + garp.masterRefreshMs : Infinity
    return garp.masterRefreshMs > 0 ? garp.masterRefreshRepeat : 0
  }

  /** Is master: from now on garp_extra_if counts, unless it does already. */
  startExtra({ extraIfMs, extraIfAll }: GarpSettings, nowMs: number): void {
    if (extraIfMs === 0 || !extraIfAll) this.#extraAtMs = Infinity
    else if (this.#extraAtMs === Infinity) this.#extraAtMs = nowMs + extraIfMs
  }
  endExtra(): void {
    this.#extraAtMs = Infinity
  }
  /** Whether a round for addresses on other interfaces is due. */
  isExtraDue({ extraIfMs }: GarpSettings, nowMs: number): boolean {
    if (nowMs < this.#extraAtMs) return false
    this.#extraAtMs = nowMs + extraIfMs
    return true
  }

  /** After a reload the second sets of before are not sent (recording reload-instances). */
  forget(): void {
    this.#waiting = []
  }

  get nextAtMs(): number {
    return Math.min(this.#extraAtMs, ...this.#waiting.map(({ dueMs }) => dueMs))
  }

  /** Rounds whose time has come. */
  due(nowMs: number): number {
    let rounds = 0
    this.#waiting = this.#waiting.filter(set => {
      if (set.dueMs > nowMs) return true
      rounds += set.rounds
      return false
    })
    return rounds
  }

  #later(dueMs: number, rounds: number): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ dueMs, rounds })
  }
}
