/*
 * The life of a connection: opened for a new flow, moved through its states by every packet, restarted by each, ended
 * by its timer. Destinations are told what they carry (ipvs-behaviour.md §2.6, §4.5, §4.7).
 *
 * A template is a connection that no packet belongs to: it says which real server a client network stays with. The
 * connections opened by it are its children, and it does not end before them.
 */
import type { Destination, DestinationTable } from '../service/destination.js'
import { Method } from '../service/method.js'
import { IpProtocol } from '../wire/ipv4.js'
import { TcpFlag } from '../wire/tcp.js'
import {
  ConnFlag,
  CONTROLLER,
  CPORT_VPORT,
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
  ONE_CHILD,
  STATE_CHILDREN,
  TemplateState,
  TIMEOUT,
  TIMER_AT,
  type ConnIndex,
} from './record.js'
import { FullnatKeys } from './fullnat-keys.js'
import type { PortShare } from './local-ports.js'
import { nextSctpState, SctpState } from './sctp-states.js'
import { ConnTable, type AllocateWords } from './table.js'
import { nextTcpState, tcpActive, TcpState } from './tcp-states.js'
import { RECORD_WORK, TimerWheel } from './timer-wheel.js'
import { Timeouts } from './timeouts.js'
import { Direction } from './transitions.js'

/** What a connection has until its first packet has set a state's own timeout. */
const INITIAL_TIMEOUT = 3 * HZ
/** What is left to a connection whose time is up while it has children. */
const PARENT_TIMEOUT = 60 * HZ
/** Ports of a template that nobody shall find again. */
const INVALID_PORT = 65_535
/** The TCP flags that a state can change by. */
const STATE_FLAGS = TcpFlag.FIN | TcpFlag.SYN | TcpFlag.RST | TcpFlag.ACK

/** Records the wheel visits in one call: less than a millisecond, with millions of connections in the table too. */
export const EXPIRY_BUDGET = 1024

export class Connections {
  readonly table: ConnTable
  /** The local sides of FULLNAT connections. A connection that ends gives its back. */
  readonly fullnatKeys: FullnatKeys
  readonly timeouts = new Timeouts()
  /** Whether the secure_tcp defence is on. */
  secureTcp = false
  #templates = 0
  readonly #destinations: DestinationTable
  readonly #wheel: TimerWheel
  /** Current jiffy. */
  #now: number

  /**
   * `random` gives unsigned 32-bit numbers; `now` in ms; `share`: the local ports that are its own, all unless given;
   * `allocate` gives the memory of the table.
   */
  constructor(
    capacity: number,
    random: () => number,
    destinations: DestinationTable,
    now: number,
    share?: PortShare,
    allocate?: AllocateWords,
  ) {
    this.#now = jiffiesAt(now)
    this.table = new ConnTable(capacity, random, allocate)
    this.fullnatKeys = new FullnatKeys(this.table, random, share)
    this.#destinations = destinations
    this.#wheel = new TimerWheel(this.table.words, this.#now)
  }

  /** Moves the clock and ends what is due, a bounded number at a time. Answers whether the wheel has caught up. */
  advance(now: number): boolean {
    this.#now = jiffiesAt(now)
    this.fullnatKeys.advance(this.#now)
    return this.#wheel.advance(this.#now, EXPIRY_BUDGET * RECORD_WORK, this)
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
    this.#bind(conn, dest, dport, ConnFlag.INACTIVE)
    dest.bind()
    this.#start(conn, INITIAL_TIMEOUT)
    return conn
  }
  /** Opens a connection for one packet: nobody finds it, and `endOnePacket` is to follow. */
  openOnePacket(
    caddr: number,
    cport: number,
    vaddr: number,
    vport: number,
    dest: Destination,
    dport: number,
  ): ConnIndex {
    const conn = this.table.insertHidden(IpProtocol.UDP, caddr, cport, vaddr, vport)
    if (conn === NONE) return NONE
    this.#bind(conn, dest, dport, ConnFlag.INACTIVE | ConnFlag.ONE_PACKET)
    dest.bind()
    return conn
  }
  /** Opens the template of a client network, for `timeout` jiffies. Protocol 0 and the mark as vaddr for fwmark services. */
  openTemplate(
    protocol: number,
    network: number,
    vaddr: number,
    vport: number,
    dest: Destination,
    dport: number,
    timeout: number,
  ): ConnIndex {
    const template = this.table.insert(protocol, network, 0, vaddr, vport)
    if (template === NONE) return NONE
    this.#bind(template, dest, dport, ConnFlag.INACTIVE | ConnFlag.TEMPLATE)
    dest.countTemplate(1)
    this.#templates++
    this.#start(template, timeout)
    return template
  }

  /** Makes the template the connection's controller, and gives it its full time again. */
  adopt(template: ConnIndex, conn: ConnIndex): void {
    const { words } = this.table
    words[conn + CONTROLLER] = template
    words[template + STATE_CHILDREN]! += ONE_CHILD
    this.restart(template)
  }
  /** Makes it impossible to find the template again; it ends when its timer fires (§4.6). */
  invalidate(template: ConnIndex): void {
    const { words } = this.table
    words[template + CPORT_VPORT] = INVALID_PORT
    words[template + DPORT_PROTOCOL] = (INVALID_PORT << 16) | (words[template + DPORT_PROTOCOL]! & 0xff)
  }
  isInvalid(template: ConnIndex): boolean {
    const { words } = this.table
    return words[template + CPORT_VPORT] === INVALID_PORT && words[template + DPORT_PROTOCOL]! >>> 16 === INVALID_PORT
  }

  destinationOf(conn: ConnIndex): Destination {
    return this.#destinations.at(this.table.words[conn + DEST]!)
  }
  stateOf(conn: ConnIndex): number {
    return this.table.words[conn + STATE_CHILDREN]! & 0xff
  }
  childrenOf(conn: ConnIndex): number {
    return this.table.words[conn + STATE_CHILDREN]! >>> 8
  }
  has(conn: ConnIndex, flag: number): boolean {
    return (this.table.words[conn + FLAGS]! & flag) !== 0
  }
  /** How its packets reach the real server: as it was when it was opened. */
  methodOf(conn: ConnIndex): Method {
    return (this.table.words[conn + FLAGS]! & ConnFlag.METHOD) as Method
  }
  controllerOf(conn: ConnIndex): ConnIndex {
    return this.table.words[conn + CONTROLLER]! as ConnIndex
  }

  /**
   * Moves the state by a packet, and with it the timeout; `restart` is to follow. `signal`: the TCP flags, or the
   * SctpEvent; UDP has one state.
   */
  packet(conn: ConnIndex, protocol: number, direction: Direction, signal: number): void {
    if (protocol === IpProtocol.TCP) {
      direction = this.#seen(conn, direction)
      const state = nextTcpState(this.stateOf(conn), direction, signal, this.secureTcp)
      this.#enter(conn, state, this.timeouts.tcp[state]!, tcpActive[state] === 1, state === TcpState.ESTABLISHED)
    } else if (protocol === IpProtocol.SCTP) {
      direction = this.#seen(conn, direction)
      const state = nextSctpState(this.stateOf(conn), direction, signal)
      const isEstablished = state === SctpState.ESTABLISHED
      this.#enter(conn, state, this.timeouts.sctp[state]!, isEstablished, isEstablished)
    } else {
      this.table.words[conn + TIMEOUT] = this.timeouts.udp
      if (direction === Direction.OUTBOUND) this.#assure(this.controllerOf(conn))
    }
  }

  /**
   * What a packet of an open connection does to it all in all: `packet`, `countInbound`, `restart`. Where nothing but the
   * timer can change, nothing else is looked at.
   */
  carriedInbound(conn: ConnIndex, protocol: number, signal: number): void {
    const { words } = this.table
    words[conn + IN_PKTS]!++
    if (isQuiet(words, conn, protocol, signal, ConnFlag.INACTIVE))
      words[conn + TIMEOUT] = this.timeouts.tcp[TcpState.ESTABLISHED]!
    else this.packet(conn, protocol, Direction.INBOUND, signal)
    this.#expireAt(conn, (this.#now + words[conn + TIMEOUT]!) | 0)
  }
  carriedOutbound(conn: ConnIndex, protocol: number, signal: number): void {
    const { words } = this.table
    if (isQuiet(words, conn, protocol, signal, ConnFlag.INACTIVE | ConnFlag.NO_OUTPUT))
      words[conn + TIMEOUT] = this.timeouts.tcp[TcpState.ESTABLISHED]!
    else this.packet(conn, protocol, Direction.OUTBOUND, signal)
    this.#expireAt(conn, (this.#now + words[conn + TIMEOUT]!) | 0)
  }

  /** The direction that counts for the state: inbound only, as long as no answer has been seen. */
  #seen(conn: ConnIndex, direction: Direction): Direction {
    const { words } = this.table
    if ((words[conn + FLAGS]! & ConnFlag.NO_OUTPUT) === 0) return direction
    if (direction === Direction.INBOUND) return Direction.INBOUND_ONLY
    words[conn + FLAGS]! &= ~ConnFlag.NO_OUTPUT
    return direction
  }

  /** Gives the timer its full time again. The wheel is touched only when it would look too late. */
  restart(conn: ConnIndex): void {
    this.#expireAt(conn, (this.#now + this.table.words[conn + TIMEOUT]!) | 0)
  }
  countInbound(conn: ConnIndex): void {
    this.table.words[conn + IN_PKTS]!++
  }
  /** Inbound packets so far. */
  inboundOf(conn: ConnIndex): number {
    return this.table.words[conn + IN_PKTS]!
  }
  /** Whether its timer was last restarted at least `jiffies` ago. */
  isIdleFor(conn: ConnIndex, jiffies: number): boolean {
    const { words } = this.table
    return ((this.#now + words[conn + TIMEOUT]! - words[conn + EXPIRES]!) | 0) >= jiffies
  }

  /** Ends it with the next jiffy: until then it is still counted, as in the kernel, where a timer is made to fire. */
  expireNow(conn: ConnIndex): void {
    this.fullnatKeys.endsEarly(conn)
    this.#expireAt(conn, (this.#now + 1) | 0)
  }
  /** Ends it with the next jiffy, and then its controller, if that has no other children (§4.7, "drop with control chain"). */
  drop(conn: ConnIndex): void {
    if (this.controllerOf(conn) !== NONE) this.table.words[conn + TIMEOUT] = 0
    this.expireNow(conn)
  }
  /** As `drop`, but at once. The record is free afterwards, and so may its controller's be. */
  dropNow(conn: ConnIndex): void {
    if (this.controllerOf(conn) !== NONE) this.table.words[conn + TIMEOUT] = 0
    this.fullnatKeys.endsEarly(conn)
    this.#wheel.cancel(conn)
    this.#end(conn)
  }
  /** The packet of an openOnePacket connection has been sent. */
  endOnePacket(conn: ConnIndex): void {
    this.destinationOf(conn).unbind()
    this.#leaveController(conn)
    this.table.free(conn)
  }

  /** The wheel's question. */
  due(conn: ConnIndex): void {
    const { words } = this.table
    const expires = words[conn + EXPIRES]!
    if (((expires - this.#now) | 0) > 0) this.#wheel.schedule(conn, expires)
    else if (this.childrenOf(conn) > 0) this.#start(conn, PARENT_TIMEOUT)
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

  /** Records of the table that are templates. */
  get templates(): number {
    return this.#templates
  }
  /** How far the ending of connections is behind the clock, in ms; 0: nothing that is due waits. */
  get behindMs(): number {
    return this.#wheel.behind(this.#now) * JIFFY_MS
  }

  /** Forgets all. Destinations are not told: the caller forgets them too. */
  clear(): void {
    this.fullnatKeys.clear()
    this.table.clear()
    this.#templates = 0
    this.#wheel.clear(this.#now)
  }

  #bind(conn: ConnIndex, dest: Destination, dport: number, flags: number): void {
    const { words } = this.table
    words[conn + DADDR] = dest.addr
    words[conn + DPORT_PROTOCOL]! |= dport << 16
    words[conn + DEST] = dest.index
    const { method } = dest
    const isOneWay = method === Method.DIRECT || method === Method.TUNNEL
    words[conn + FLAGS] = flags | method | (isOneWay ? ConnFlag.NO_OUTPUT : 0)
  }
  #start(conn: ConnIndex, timeout: number): void {
    const { words } = this.table
    words[conn + TIMEOUT] = timeout
    words[conn + EXPIRES] = (this.#now + timeout) | 0
    this.#wheel.schedule(conn, words[conn + EXPIRES]!)
  }

  #enter(conn: ConnIndex, state: number, timeout: number, isActive: boolean, isEstablished: boolean): void {
    const { words } = this.table
    const before = words[conn + STATE_CHILDREN]!
    words[conn + TIMEOUT] = timeout
    if ((before & 0xff) !== state) {
      words[conn + STATE_CHILDREN] = (before & ~0xff) | state
      if (isEstablished) this.#assure(this.controllerOf(conn))
    }
    const isInactive = (words[conn + FLAGS]! & ConnFlag.INACTIVE) !== 0
    if (isInactive === isActive) {
      words[conn + FLAGS]! ^= ConnFlag.INACTIVE
      this.destinationOf(conn).countActive(isActive ? 1 : -1)
    }
  }
  #assure(controller: ConnIndex): void {
    if (controller !== NONE && this.has(controller, ConnFlag.TEMPLATE))
      this.table.words[controller + STATE_CHILDREN]! |= TemplateState.ASSURED
  }

  #expireAt(conn: ConnIndex, at: number): void {
    const { words } = this.table
    words[conn + EXPIRES] = at
    if (((at - words[conn + TIMER_AT]!) | 0) >= 0) return
    this.#wheel.cancel(conn)
    this.#wheel.schedule(conn, at)
  }

  #end(conn: ConnIndex): void {
    const dest = this.destinationOf(conn)
    if (this.has(conn, ConnFlag.TEMPLATE)) {
      dest.countTemplate(-1)
      this.#templates--
    } else {
      if (!this.has(conn, ConnFlag.INACTIVE)) dest.countActive(-1)
      dest.unbind()
    }
    const controller = this.#leaveController(conn)
    const wasDropped = this.table.words[conn + TIMEOUT] === 0
    this.fullnatKeys.remove(conn, this.#now)
    this.table.remove(conn)
    if (wasDropped && controller !== NONE && this.childrenOf(controller) === 0 && !this.#isAssured(controller))
      this.drop(controller)
  }
  #leaveController(conn: ConnIndex): ConnIndex {
    const controller = this.controllerOf(conn)
    if (controller !== NONE) this.table.words[controller + STATE_CHILDREN]! -= ONE_CHILD
    return controller
  }
  #isAssured(conn: ConnIndex): boolean {
    return this.has(conn, ConnFlag.TEMPLATE) && this.stateOf(conn) === TemplateState.ASSURED
  }
}

/** A segment of an established TCP connection, without SYN, FIN and RST, while none of the flags is set: all tables keep it so. */
function isQuiet(words: Int32Array, conn: number, protocol: number, signal: number, flags: number): boolean {
  return (
    protocol === IpProtocol.TCP &&
    (signal & STATE_FLAGS) === TcpFlag.ACK &&
    (words[conn + STATE_CHILDREN]! & 0xff) === TcpState.ESTABLISHED &&
    (words[conn + FLAGS]! & flags) === 0
  )
}
