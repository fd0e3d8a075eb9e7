/*
 * What packets do to an open connection: its state, its timeout, its timer, and what its destination counts
 * (ipvs-behaviour.md §2.6, §4.5).
 */
import type { DestinationTable } from '../service/destination.js'
import { IpProtocol } from '../wire/ipv4.js'
import { TcpFlag } from '../wire/tcp.js'
import type { ConnTimers } from './conn-timers.js'
import { ConnFlag, CONTROLLER, DEST, FLAGS, IN_PKTS, STATE_CHILDREN, TIMEOUT, type ConnIndex } from './record.js'
import { nextSctpState, SctpState } from './sctp-states.js'
import { nextTcpState, tcpActive, TcpState } from './tcp-states.js'
import type { Templates } from './templates.js'
import type { Timeouts } from './timeouts.js'
import { Direction } from './transitions.js'

/** The TCP flags that a state can change by. */
const STATE_FLAGS = TcpFlag.FIN | TcpFlag.SYN | TcpFlag.RST | TcpFlag.ACK

export class ConnStates {
  /** Whether the secure_tcp defence is on. */
  secureTcp = false
  readonly #words: Int32Array
  readonly #timeouts: Timeouts
  readonly #timers: ConnTimers
  readonly #templates: Templates
  readonly #destinations: DestinationTable

  /** `words`: the records. */
  constructor(
    words: Int32Array,
    timeouts: Timeouts,
    timers: ConnTimers,
    templates: Templates,
    destinations: DestinationTable,
  ) {
    this.#words = words
    this.#timeouts = timeouts
    this.#timers = timers
    this.#templates = templates
    this.#destinations = destinations
  }

  /**
   * Moves the state by a packet, and with it the timeout; the timer's `restart` is to follow. `signal`: the TCP flags, or
   * the SctpEvent; UDP has one state.
   */
  packet(conn: ConnIndex, protocol: number, direction: Direction, signal: number): void {
    if (protocol === IpProtocol.TCP) {
      direction = this.#seen(conn, direction)
      const state = nextTcpState(this.#stateOf(conn), direction, signal, this.secureTcp)
      this.#enter(conn, state, this.#timeouts.tcp[state]!, tcpActive[state] === 1, state === TcpState.ESTABLISHED)
    } else if (protocol === IpProtocol.SCTP) {
      direction = this.#seen(conn, direction)
      const state = nextSctpState(this.#stateOf(conn), direction, signal)
      const isEstablished = state === SctpState.ESTABLISHED
      this.#enter(conn, state, this.#timeouts.sctp[state]!, isEstablished, isEstablished)
    } else {
      this.#words[conn + TIMEOUT] = this.#timeouts.udp
      if (direction === Direction.OUTBOUND) this.#templates.assure(this.#words[conn + CONTROLLER]! as ConnIndex)
    }
  }

  /**
   * What a client's packet does to an open connection all in all: it moves the state, is counted and restarts the timer.
   * Where nothing but the timer can change, nothing else is looked at.
   */
  carriedInbound(conn: ConnIndex, protocol: number, signal: number): void {
    const words = this.#words
    words[conn + IN_PKTS]!++
    if (isQuiet(words, conn, protocol, signal, ConnFlag.INACTIVE))
      words[conn + TIMEOUT] = this.#timeouts.tcp[TcpState.ESTABLISHED]!
    else this.packet(conn, protocol, Direction.INBOUND, signal)
    this.#timers.restart(conn)
  }
  /** The same of a real server's packet. */
  carriedOutbound(conn: ConnIndex, protocol: number, signal: number): void {
    const words = this.#words
    if (isQuiet(words, conn, protocol, signal, ConnFlag.INACTIVE | ConnFlag.NO_OUTPUT))
      words[conn + TIMEOUT] = this.#timeouts.tcp[TcpState.ESTABLISHED]!
    else this.packet(conn, protocol, Direction.OUTBOUND, signal)
    this.#timers.restart(conn)
  }

  /** The direction that counts for the state: inbound only, as long as no answer has been seen. */
  #seen(conn: ConnIndex, direction: Direction): Direction {
    const words = this.#words
    if ((words[conn + FLAGS]! & ConnFlag.NO_OUTPUT) === 0) return direction
    if (direction === Direction.INBOUND) return Direction.INBOUND_ONLY
    words[conn + FLAGS]! &= ~ConnFlag.NO_OUTPUT
    return direction
  }
  #stateOf(conn: ConnIndex): number {
    return this.#words[conn + STATE_CHILDREN]! & 0xff
  }
  #enter(conn: ConnIndex, state: number, timeout: number, isActive: boolean, isEstablished: boolean): void {
    const words = this.#words
    const before = words[conn + STATE_CHILDREN]!
    words[conn + TIMEOUT] = timeout
    if ((before & 0xff) !== state) {
      words[conn + STATE_CHILDREN] = (before & ~0xff) | state
      if (isEstablished) this.#templates.assure(words[conn + CONTROLLER]! as ConnIndex)
    }
    const isInactive = (words[conn + FLAGS]! & ConnFlag.INACTIVE) !== 0
    if (isInactive === isActive) {
      words[conn + FLAGS]! ^= ConnFlag.INACTIVE
      this.#destinations.at(words[conn + DEST]!).countActive(isActive ? 1 : -1)
    }
  }
}

/** A segment of an established TCP connection, without SYN, FIN and RST, while none of the flags is set: all tables keep it so. */
function isQuiet(words: Int32Array, conn: ConnIndex, protocol: number, signal: number, flags: number): boolean {
  return (
    protocol === IpProtocol.TCP &&
    (signal & STATE_FLAGS) === TcpFlag.ACK &&
    (words[conn + STATE_CHILDREN]! & 0xff) === TcpState.ESTABLISHED &&
    (words[conn + FLAGS]! & flags) === 0
  )
}
