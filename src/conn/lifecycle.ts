/*
 * The life of a connection: opened for a new flow, moved through its states by every packet, restarted by each, ended
 * by its timer. Destinations are told what they carry (ipvs-behaviour.md §2.6, §4.5, §4.7).
 */
import type { Destination, DestinationTable } from '../service/destination.js'
import { IpProtocol } from '../wire/ipv4.js'
import {
  ConnFlag,
  DADDR,
  DEST,
  DPORT_PROTOCOL,
  EXPIRES,
  FLAGS,
  HZ,
  IN_PKTS,
  jiffiesAt,
  JIFFY_MS,
  NONE,
  STATE,
  TIMEOUT,
  TIMER_AT,
  type ConnIndex,
} from './record.js'
import { ConnTable } from './table.js'
import { nextTcpState, tcpActive, tcpTimeouts, TcpState, type Direction } from './tcp-states.js'
import { TimerWheel } from './timer-wheel.js'

/** What a connection has until its first packet has set a state's own timeout. */
const INITIAL_TIMEOUT = 3 * HZ
const UDP_TIMEOUT = 300 * HZ

/** Records and slots the wheel visits in one call: about a millisecond. */
export const EXPIRY_BUDGET = 8192

export class Connections {
  readonly table: ConnTable
  readonly #destinations: DestinationTable
  readonly #wheel: TimerWheel
  /** Current jiffy. */
  #now: number

  /** `random` gives unsigned 32-bit numbers; `now` in ms. */
  constructor(capacity: number, random: () => number, destinations: DestinationTable, now: number) {
    this.#now = jiffiesAt(now)
    this.table = new ConnTable(capacity, random)
    this.#destinations = destinations
    this.#wheel = new TimerWheel(this.table.words, this.#now)
  }

  /** Moves the clock and ends what is due, a bounded number at a time. Answers whether the wheel has caught up. */
  advance(now: number): boolean {
    this.#now = jiffiesAt(now)
    return this.#wheel.advance(this.#now, EXPIRY_BUDGET, this)
  }

  /**
   * Opens the connection caddr:cport → vaddr:vport → daddr:dport. It is counted at its destination as inactive, and
   * its timer runs. NONE when the table is full.
   */
  open(
    protocol: number,
    caddr: number,
    cport: number,
    vaddr: number,
    vport: number,
    dest: Destination,
    dport: number,
  ): ConnIndex {
    const conn = this.table.insert(protocol, caddr, cport, vaddr, vport)
    if (conn === NONE) return NONE
    const words = this.table.words
    words[conn + DADDR] = dest.addr
    words[conn + DPORT_PROTOCOL] = (dport << 16) | protocol
    words[conn + FLAGS] = ConnFlag.INACTIVE
    words[conn + DEST] = dest.index
    words[conn + TIMEOUT] = INITIAL_TIMEOUT
    words[conn + EXPIRES] = (this.#now + INITIAL_TIMEOUT) | 0
    dest.countConnections(1)
    this.#wheel.schedule(conn, words[conn + EXPIRES]!)
    return conn
  }

  destinationOf(conn: ConnIndex): Destination {
    return this.#destinations.at(this.table.words[conn + DEST]!)
  }

  /** Moves the state by a packet: TCP by its flags, UDP has one state. `restart` is to follow. */
  packet(conn: ConnIndex, protocol: number, direction: Direction, tcpFlags: number): void {
    const words = this.table.words
    if (protocol !== IpProtocol.TCP) {
      words[conn + TIMEOUT] = UDP_TIMEOUT
      return
    }
    const state = nextTcpState(words[conn + STATE]!, direction, tcpFlags)
    words[conn + STATE] = state
    words[conn + TIMEOUT] = tcpTimeouts[state]!
    const inactive = (words[conn + FLAGS]! & ConnFlag.INACTIVE) !== 0
    if (inactive === (tcpActive[state] === 1)) {
      words[conn + FLAGS]! ^= ConnFlag.INACTIVE
      this.destinationOf(conn).countActive(inactive ? 1 : -1)
    }
  }

  /** Gives the timer its full time again. The wheel is touched only when it would look too late. */
  restart(conn: ConnIndex): void {
    const words = this.table.words
    this.#expireAt(conn, (this.#now + words[conn + TIMEOUT]!) | 0)
  }

  countInbound(conn: ConnIndex): void {
    this.table.words[conn + IN_PKTS]!++
  }

  /** Ends it with the next jiffy: until then it is still counted, as in the kernel, where a timer is made to fire. */
  expireNow(conn: ConnIndex): void {
    this.#expireAt(conn, (this.#now + 1) | 0)
  }

  /** A new-connection packet may take this one's place: a TCP connection that is over (conn_reuse_mode 1, §6.3). */
  isReusable(conn: ConnIndex, protocol: number): boolean {
    const state = this.table.words[conn + STATE]!
    return protocol === IpProtocol.TCP && (state === TcpState.TIME_WAIT || state === TcpState.CLOSE)
  }

  /** The wheel's question. */
  due(conn: ConnIndex): void {
    const words = this.table.words
    if (((words[conn + EXPIRES]! - this.#now) | 0) > 0) this.#wheel.schedule(conn, words[conn + EXPIRES]!)
    else this.#end(conn)
  }

  /** Seconds until the timer fires, rounded down, at least 0. */
  secondsLeft(conn: ConnIndex): number {
    return Math.max(0, Math.floor(((this.table.words[conn + EXPIRES]! - this.#now) | 0) / HZ))
  }

  /** How long until the wheel has something to look at, in ms, as far as it looks ahead. */
  get idleMs(): number {
    return this.table.count === 0 ? Infinity : this.#wheel.idleJiffies() * JIFFY_MS
  }

  /** Forgets all. Destinations are not told: the caller forgets them too. */
  clear(): void {
    this.table.clear()
    this.#wheel.clear(this.#now)
  }

  #expireAt(conn: ConnIndex, at: number): void {
    const words = this.table.words
    words[conn + EXPIRES] = at
    if (((at - words[conn + TIMER_AT]!) | 0) >= 0) return
    this.#wheel.cancel(conn)
    this.#wheel.schedule(conn, at)
  }

  #end(conn: ConnIndex): void {
    const dest = this.destinationOf(conn)
    if ((this.table.words[conn + FLAGS]! & ConnFlag.INACTIVE) === 0) dest.countActive(-1)
    dest.countConnections(-1)
    this.table.remove(conn)
  }
}
