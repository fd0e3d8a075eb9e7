import { after, between, HZ, jiffiesAt, JIFFY_MS, type Jiffies } from './jiffies.js'
import { EXPIRES, TIMEOUT, TIMER_AT, type ConnIndex } from './record.js'
import type { ConnTable } from './table.js'
import { RECORD_WORK, TimerWheel, type TimerSink } from './timer-wheel.js'

/** Records the wheel visits in one call: less than a millisecond, with millions of connections in the table too. */
export const EXPIRY_BUDGET = 1024

/** The connections' clock and their timers: every packet restarts one, and a connection ends when its timer fires. */
export class ConnTimers {
  /** The current jiffy. */
  now: Jiffies
  readonly #table: ConnTable
  readonly #words: Int32Array
  readonly #wheel: TimerWheel

  constructor(table: ConnTable, nowMs: number) {
    this.now = jiffiesAt(nowMs)
    this.#table = table
    this.#words = table.words
    this.#wheel = new TimerWheel(table.words, this.now)
  }

  setClock(nowMs: number): void {
    this.now = jiffiesAt(nowMs)
  }
  /** Hands the sink what is due, a bounded number at a time. Returns whether the wheel has caught up. */
  advance(sink: TimerSink): boolean {
    return this.#wheel.advance(this.now, EXPIRY_BUDGET * RECORD_WORK, sink)
  }

  /** Gives a record, which is in no slot of the wheel, a timer of `timeout` jiffies. */
  start(conn: ConnIndex, timeout: number): void {
    const words = this.#words
    const at = after(this.now, timeout)
    words[conn + TIMEOUT] = timeout
    words[conn + EXPIRES] = at
    this.#wheel.schedule(conn, at)
  }
  /** Gives the timer its full time again. Every packet does: nothing is called unless the wheel would look too late. */
  restart(conn: ConnIndex): void {
    const words = this.#words
    const at = (this.now + words[conn + TIMEOUT]!) | 0
    words[conn + EXPIRES] = at
    if (((at - words[conn + TIMER_AT]!) | 0) < 0) this.#advanceTo(conn, at as Jiffies)
  }
  /** Has the timer fire with the next jiffy. */
  fireNext(conn: ConnIndex): void {
    const words = this.#words
    const at = after(this.now, 1)
    words[conn + EXPIRES] = at
    if (between(words[conn + TIMER_AT]! as Jiffies, at) < 0) this.#advanceTo(conn, at)
  }
  stop(conn: ConnIndex): void {
    this.#wheel.cancel(conn)
  }
  /** Has the wheel look at the record earlier. */
  #advanceTo(conn: ConnIndex, at: Jiffies): void {
    this.#wheel.cancel(conn)
    this.#wheel.schedule(conn, at)
  }

  /** The wheel has come to a record: puts it back if its timer was restarted since. Returns whether it was. */
  putBack(conn: ConnIndex): boolean {
    const expires = this.#words[conn + EXPIRES]! as Jiffies
    if (between(this.now, expires) <= 0) return false
    this.#wheel.schedule(conn, expires)
    return true
  }

  /** Whether its timer was last restarted at least `jiffies` ago. */
  isIdleFor(conn: ConnIndex, jiffies: number): boolean {
    const words = this.#words
    return between(words[conn + EXPIRES]! as Jiffies, after(this.now, words[conn + TIMEOUT]!)) >= jiffies
  }
  /** Seconds until the timer fires, rounded down, at least 0. */
  secondsLeft(conn: ConnIndex): number {
    return Math.max(0, Math.floor(between(this.now, this.#words[conn + EXPIRES]! as Jiffies) / HZ))
  }
  /** How long until the wheel has something to look at, in ms, as far as it looks ahead. */
  get idleMs(): number {
    return this.#table.count === 0 ? Infinity : this.#wheel.idleJiffies() * JIFFY_MS
  }
  /** How far the ending of connections is behind the clock, in ms; 0: nothing that is due waits. */
  get behindMs(): number {
    return this.#wheel.behind(this.now) * JIFFY_MS
  }
  /** Forgets every timer. */
  clear(): void {
    this.#wheel.clear(this.now)
  }
}
