import * as fromJiffies from './jiffies.js'
import { after, between, jiffiesAt, type Jiffies } from './jiffies.js'
import * as fromRecord from './record.js'
import type { ConnIndex } from './record.js'
import type { ConnTable } from './table.js'
import * as fromTimerWheel from './timer-wheel.js'
import { TimerWheel, type TimerSink } from './timer-wheel.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { HZ, JIFFY_MS } = fromJiffies
const { RECORD_WORK } = fromTimerWheel
const { EXPIRES, TIMEOUT, TIMER_AT } = fromRecord

/** Records that the wheel visits in one call: less than a millisecond, even with millions of connections in the table. */
export const EXPIRY_BUDGET = 1024

/**
 * The connections' clock and timers. Every packet restarts its connection's timer; the connection ends when the timer
 * fires.
 */
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
  /** Hands records that are due to the sink, a bounded number a call. Returns whether the wheel has caught up. */
  advance(sink: TimerSink): boolean {
    return this.#wheel.advance(this.now, EXPIRY_BUDGET * RECORD_WORK, sink)
  }

  /** Starts a timer of `timeout` jiffies. The record must be in no slot of the wheel. */
  start(conn: ConnIndex, timeout: number): void {
    const words = this.#words
    const at = after(this.now, timeout)
    words[conn + TIMEOUT] = timeout
    words[conn + EXPIRES] = at
    this.#wheel.schedule(conn, at)
  }
  /** The same so many jiffies ago, fewer than `timeout`. */
  startedAgo(conn: ConnIndex, timeout: number, ago: number): void {
    this.start(conn, timeout - ago)
    this.#words[conn + TIMEOUT] = timeout
  }
  /** Restarts the timer with its timeout. Every packet does this: it calls the wheel only if the wheel would come too late. */
  restart(conn: ConnIndex): void {
    const words = this.#words
    const at = (this.now + words[conn + TIMEOUT]!) | 0
    words[conn + EXPIRES] = at
    if (((at - words[conn + TIMER_AT]!) | 0) < 0) this.#advanceTo(conn, at as Jiffies)
  }
  /** As `restart` would have been, `ago` jiffies ago, with this timeout; unless it has been restarted since. */
  restartedAgo(conn: ConnIndex, timeout: number, ago: number): void {
    const words = this.#words
    const at = after(this.now, -ago)
    if (between(after(words[conn + EXPIRES]! as Jiffies, -words[conn + TIMEOUT]!), at) < 0) return
    words[conn + TIMEOUT] = timeout
    const expires = after(at, timeout)
    words[conn + EXPIRES] = expires
    if (between(words[conn + TIMER_AT]! as Jiffies, expires) < 0 && this.#wheel.has(conn))
      this.#advanceTo(conn, expires)
  }
  /** Makes the timer fire in the next jiffy. */
  fireNext(conn: ConnIndex): void {
    const words = this.#words
    const at = after(this.now, 1)
    words[conn + EXPIRES] = at
    if (between(words[conn + TIMER_AT]! as Jiffies, at) < 0) this.#advanceTo(conn, at)
  }
  stop(conn: ConnIndex): void {
    this.#wheel.cancel(conn)
  }
  /** Makes the wheel visit the record earlier. */
  #advanceTo(conn: ConnIndex, at: Jiffies): void {
    this.#wheel.cancel(conn)
    this.#wheel.schedule(conn, at)
  }

  /** For a record that the wheel has reached: puts it back if its timer was restarted meanwhile. Returns whether it was. */
  putBack(conn: ConnIndex): boolean {
    const expires = this.#words[conn + EXPIRES]! as Jiffies
    if (between(this.now, expires) <= 0) return false
    this.#wheel.schedule(conn, expires)
    return true
  }

  /** Whether the last restart of its timer is at least `jiffies` ago. */
  isIdleFor(conn: ConnIndex, jiffies: number): boolean {
    const words = this.#words
    return between(words[conn + EXPIRES]! as Jiffies, after(this.now, words[conn + TIMEOUT]!)) >= jiffies
  }
  /** Seconds until the timer fires, rounded down, at least 0. */
  secondsLeft(conn: ConnIndex): number {
    return Math.max(0, Math.floor(between(this.now, this.#words[conn + EXPIRES]! as Jiffies) / HZ))
  }
  /** How long the wheel may wait before the next call, in ms; at most a second, Infinity without connections. */
  get idleMs(): number {
    return this.#table.count === 0 ? Infinity : this.#wheel.idleJiffies() * JIFFY_MS
  }
  /** How late connections are ended, in ms; 0: none that is due waits. */
  get behindMs(): number {
    return this.#wheel.behind(this.now) * JIFFY_MS
  }
  /** Stops every timer. */
  clear(): void {
    this.#wheel.clear(this.now)
  }
}
