/*
 * How packets change an open connection: its state, timeout and timer, and its destination's counts (ipvs-behaviour.md
 * §2.6, §4.5).
 */
import type { DestinationTable } from '../service/destination.js'
import { IpProtocol } from '../wire/ipv4.js'
import { TcpFlag } from '../wire/tcp.js'
import type { ConnFlows } from './conn-flows.js'
import type { ConnTimers } from './conn-timers.js'
import { Direction } from './direction.js'
import * as fromRecord from './record.js'
import { ConnFlag, type ConnIndex } from './record.js'
import { nextSctpState, SctpState } from './sctp-states.js'
import { nextTcpState, tcpActive, TcpState } from './tcp-states.js'
import type { Templates } from './templates.js'
import type { Timeouts } from './timeouts.js'
import * as fromTransitions from './transitions.js'
import type { TransitionTable } from './transitions.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { TCP, SCTP } = IpProtocol
const { FIN, SYN, RST, ACK } = TcpFlag
const { OUTBOUND, INBOUND } = Direction
const { CONTROLLER, DEST, DPORT_PROTOCOL, FLAGS, IN_PKTS, NONE, STATE_CHILDREN, TIMEOUT } = fromRecord
const { SAMPLED, INACTIVE, NO_OUTPUT } = ConnFlag
const { ESTABLISHED: SCTP_ESTABLISHED } = SctpState
const { ESTABLISHED } = TcpState
const { INBOUND_ONLY } = fromTransitions

/** The TCP flags that can change a state. */
const STATE_FLAGS = FIN | SYN | RST | ACK

export class ConnStates {
  /** Whether the secure_tcp defence is on. */
  secureTcp = false
  /** The sampled connection that a packet was of, since this was last set to NONE. */
  sampled: ConnIndex = NONE
  /** Is told before a state changes. */
  flows: ConnFlows | undefined
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
   * Moves the state and sets its timeout for a packet. The caller must restart the timer. `signal`: the TCP flags or the
   * SctpEvent; UDP has one state.
   */
  packet(conn: ConnIndex, protocol: number, direction: Direction, signal: number): void {
    if ((this.#words[conn + FLAGS]! & SAMPLED) !== 0) this.sampled = conn
    if (protocol === TCP) {
      const table = this.#table(conn, direction)
      const state = nextTcpState(this.#stateOf(conn), table, signal, this.secureTcp)
      this.#enter(conn, state, this.#timeouts.tcp[state]!, tcpActive[state] === 1, state === ESTABLISHED)
    } else if (protocol === SCTP) {
      const table = this.#table(conn, direction)
      const state = nextSctpState(this.#stateOf(conn), table, signal)
      const isEstablished = state === SCTP_ESTABLISHED
      this.#enter(conn, state, this.#timeouts.sctp[state]!, isEstablished, isEstablished)
    } else {
      this.#words[conn + TIMEOUT] = this.#timeouts.udp
      if (direction === OUTBOUND) this.#templates.assure(this.#words[conn + CONTROLLER]! as ConnIndex)
    }
  }

  /**
   * Handles a client's packet on an open connection: counts it, moves the state, restarts the timer. Skips the state tables
   * if the state cannot change.
   */
  carriedInbound(conn: ConnIndex, protocol: number, signal: number): void {
    const words = this.#words
    words[conn + IN_PKTS]!++
    if (isQuiet(words, conn, protocol, signal, INACTIVE)) words[conn + TIMEOUT] = this.#timeouts.tcp[ESTABLISHED]!
    else this.packet(conn, protocol, INBOUND, signal)
    this.#timers.restart(conn)
  }
  /** The same for a real server's packet. */
  carriedOutbound(conn: ConnIndex, protocol: number, signal: number): void {
    const words = this.#words
    if (isQuiet(words, conn, protocol, signal, INACTIVE | NO_OUTPUT))
      words[conn + TIMEOUT] = this.#timeouts.tcp[ESTABLISHED]!
    else this.packet(conn, protocol, OUTBOUND, signal)
    this.#timers.restart(conn)
  }

  /**
   * For packets of a steady connection that did not come up here: restarts the timer as the last of them would have, so many jiffies
   * ago.
   */
  carriedAgo(conn: ConnIndex, ago: number): void {
    const isTcp = (this.#words[conn + DPORT_PROTOCOL]! & 0xff) === TCP
    const timeout = isTcp ? this.#timeouts.tcp[ESTABLISHED]! : this.#timeouts.udp
    this.#timers.restartedAgo(conn, timeout, ago)
  }

  /** Which transition table holds. It is INBOUND_ONLY until the first answer. */
  #table(conn: ConnIndex, direction: Direction): TransitionTable {
    const words = this.#words
    if ((words[conn + FLAGS]! & NO_OUTPUT) === 0) return direction
    if (direction === INBOUND) return INBOUND_ONLY
    words[conn + FLAGS]! &= ~NO_OUTPUT
    return direction
  }
  #stateOf(conn: ConnIndex): number {
    return this.#words[conn + STATE_CHILDREN]! & 0xff
  }
  #enter(conn: ConnIndex, state: number, timeout: number, isActive: boolean, isEstablished: boolean): void {
    const words = this.#words
    const before = words[conn + STATE_CHILDREN]!
    if ((before & 0xff) !== state) this.flows?.leave(conn)
    words[conn + TIMEOUT] = timeout
    if ((before & 0xff) !== state) {
      words[conn + STATE_CHILDREN] = (before & ~0xff) | state
      if (isEstablished) this.#templates.assure(words[conn + CONTROLLER]! as ConnIndex)
    }
    const isInactive = (words[conn + FLAGS]! & INACTIVE) !== 0
    if (isInactive === isActive) {
      words[conn + FLAGS]! ^= INACTIVE
      this.#destinations.at(words[conn + DEST]!).countActive(isActive ? 1 : -1)
    }
  }
}

/** An ACK without SYN, FIN and RST on an established TCP connection that has none of `flags`: in all tables the state stays. */
function isQuiet(words: Int32Array, conn: ConnIndex, protocol: number, signal: number, flags: number): boolean {
  return (
    protocol === TCP &&
    (signal & STATE_FLAGS) === ACK &&
    (words[conn + STATE_CHILDREN]! & 0xff) === ESTABLISHED &&
    (words[conn + FLAGS]! & flags) === 0
  )
}
