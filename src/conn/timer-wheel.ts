import { after, between, HZ, type Jiffies } from './jiffies.js'
import { NONE, TIMER_AT, TIMER_NEXT, TIMER_PREV, type ConnIndex } from './record.js'

/** Power of two; at a jiffy a slot, a turn of the wheel is 164 s. Later timers are looked at once a turn and put back. */
const SLOTS = 16_384
/** What looking at a record counts beside looking at an empty slot: it may be far from the cache. */
export const RECORD_WORK = 8
/** TIMER_PREV of a record that is in no slot. */
const UNLINKED = -1

/** Called for each record whose slot has come. It must schedule the record again or leave it out for good. */
export interface TimerSink {
  due(conn: ConnIndex): void
}

/**
 * A hashed timer wheel over the records' own fields (Varghese and Lauck, scheme 6): nothing is allocated, scheduling
 * and cancelling are O(1). A timer that is restarted for later need not be moved: a record that is due while its EXPIRES is
 * still ahead is scheduled anew (conn-timers.ts).
 */
export class TimerWheel {
  readonly #words: Int32Array
  readonly #heads = new Int32Array(SLOTS).fill(NONE)
  /** The jiffy whose slot is next to be emptied. */
  #tick: Jiffies

  constructor(words: Int32Array, now: Jiffies) {
    this.#words = words
    this.#tick = now
  }

  /** Puts a record, which is in no slot, where it is looked at in jiffy `at`, or at the latest a turn from now. */
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
   * Empties the slots of the jiffies up to and including `now`, at most `budget` slots, a record counting as RECORD_WORK of
   * them; what is left comes with the next call. Returns whether it has caught up.
   */
  advance(now: Jiffies, budget: number, sink: TimerSink): boolean {
    while (between(this.#tick, now) >= 0) {
      const slot = this.#tick & (SLOTS - 1)
      let conn = this.#heads[slot]! as ConnIndex
      // A record that comes back for later is put ahead of #tick, never into this slot, as `ahead` is below SLOTS.
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

  /** Jiffies until the next slot that is not empty, looking a second ahead. */
  idleJiffies(): number {
    let ahead = 1
    while (ahead < HZ && this.#heads[(this.#tick + ahead - 1) & (SLOTS - 1)] === NONE) ahead++
    return ahead
  }

  /** Jiffies up to `now` whose slots have not been emptied. */
  behind(now: Jiffies): number {
    return Math.max(0, between(this.#tick, now) + 1)
  }

  clear(now: Jiffies): void {
    this.#heads.fill(NONE)
    this.#tick = now
  }
}

/** A slot's first record has the slot in TIMER_PREV, as a number below UNLINKED. */
const headMark = (slot: number): number => -2 - slot
const slotOf = (mark: number): number => -2 - mark
