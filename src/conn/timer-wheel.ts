import * as fromJiffies from './jiffies.js'
import { after, between, type Jiffies } from './jiffies.js'
import * as fromRecord from './record.js'
import { NONE, type ConnIndex } from './record.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { HZ } = fromJiffies
const { TIMER_AT, TIMER_NEXT, TIMER_PREV } = fromRecord

/** Power of two. A slot is a jiffy, so a turn of the wheel takes 164 s. Later timers are visited once a turn and put back. */
const SLOTS = 16_384
/** The cost of visiting a record, in visits of empty slots: the record may not be in the cache. */
export const RECORD_WORK = 8
/** TIMER_PREV of a record in no slot. */
const UNLINKED = -1

/** Called for each record in a slot that is due, after the record was taken out of the slot. */
export interface TimerSink {
  due(conn: ConnIndex): void
}

/**
 * A hashed timer wheel in the records' own fields (Varghese and Lauck, scheme 6): it allocates nothing; `schedule` and
 * `cancel` are O(1). Restarting a timer does not move its record: a record that is due before its EXPIRES is scheduled
 * again (conn-timers.ts).
 */
export class TimerWheel {
  readonly #words: Int32Array
  readonly #heads = new Int32Array(SLOTS).fill(NONE)
  /** The jiffy of the next slot to empty. */
  #tick: Jiffies

  constructor(words: Int32Array, now: Jiffies) {
    this.#words = words
    this.#tick = now
  }

  /**
   * Puts a record, which must be in no slot, into the slot of jiffy `at`, or into the last slot of the turn if `at` is
   * later.
   */
  schedule(conn: ConnIndex, at: Jiffies): void {
    const words = this.#words
    let ahead = between(this.#tick, at)
    if (ahead < 0) ahead = 0
    else if (ahead >= SLOTS) ahead = SLOTS - 1
    const jiffy = after(this.#tick, ahead)
    const slot = jiffy & (SLOTS - 1)
    const head = this.#heads[slot]!
    words[conn + TIMER_AT] = jiffy
    words[conn + TIMER_NEXT] = head
    words[conn + TIMER_PREV] = headMark(slot)
    if (head !== NONE) words[head + TIMER_PREV] = conn
    this.#heads[slot] = conn
  }

  /** Whether the record is in a slot. */
  has(conn: ConnIndex): boolean {
    return this.#words[conn + TIMER_PREV] !== UNLINKED
  }
  /** Takes a record out of its slot. */
  cancel(conn: ConnIndex): void {
    const words = this.#words
    const next = words[conn + TIMER_NEXT]!
    const prev = words[conn + TIMER_PREV]!
    if (prev >= 0) words[prev + TIMER_NEXT] = next
    else this.#heads[slotOf(prev)] = next
    if (next !== NONE) words[next + TIMER_PREV] = prev
    words[conn + TIMER_PREV] = UNLINKED
  }

  /**
   * Empties the slots of the jiffies up to and including `now`, at most `budget` of them, where a record counts as RECORD_WORK
   * slots. The next call continues. Returns whether it has caught up.
   */
  advance(now: Jiffies, budget: number, sink: TimerSink): boolean {
    while (between(this.#tick, now) >= 0) {
      const slot = this.#tick & (SLOTS - 1)
      let conn = this.#heads[slot]! as ConnIndex
      // `ahead` is below SLOTS, so a record that is scheduled again for later never goes into this slot.
      while (conn !== NONE) {
        if (budget <= 0) return false
        budget -= RECORD_WORK
        this.cancel(conn)
        sink.due(conn)
        conn = this.#heads[slot]! as ConnIndex
      }
      if (budget-- <= 0) return false
      this.#tick = after(this.#tick, 1)
    }
    return true
  }

  /** Jiffies until the next slot that is not empty, at most a second. */
  idleJiffies(): number {
    let ahead = 1
    while (ahead < HZ && this.#heads[(this.#tick + ahead - 1) & (SLOTS - 1)] === NONE) ahead++
    return ahead
  }

  /** The number of jiffies up to `now` whose slots have not been emptied. */
  behind(now: Jiffies): number {
    return Math.max(0, between(this.#tick, now) + 1)
  }

  clear(now: Jiffies): void {
    this.#heads.fill(NONE)
    this.#tick = now
  }
}

/** TIMER_PREV of a slot's first record: the slot, as a number below UNLINKED. */
const headMark = (slot: number): number => -2 - slot
const slotOf = (mark: number): number => -2 - mark
