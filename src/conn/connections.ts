/*
 * The life of a connection: it is opened for a new flow; each packet moves its state (conn-states.ts) and restarts its timer
 * (conn-timers.ts); the timer ends it. Destinations count their connections (ipvs-behaviour.md §2.6, §4.5, §4.7).
 */
import type { Flow } from '../packet/flow.js'
import type { Destination, DestinationTable } from '../service/destination.js'
import { isOneWay, type Method } from '../service/method.js'
import type { ConnFlows } from './conn-flows.js'
import { ConnStates } from './conn-states.js'
import { ConnTimers } from './conn-timers.js'
import { FullnatKeys } from './fullnat-keys.js'
import { HZ } from './jiffies.js'
import type { PortShare } from './local-ports.js'
import * as fromRecord from './record.js'
import { ConnFlag, type ConnIndex } from './record.js'
import { ConnTable, type AllocateWords } from './table.js'
import { Templates } from './templates.js'
import { Timeouts } from './timeouts.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { CONTROLLER, DADDR, DEST, DPORT_PROTOCOL, FLAGS, IN_PKTS, NONE, STATE_CHILDREN, TIMEOUT } = fromRecord
const { HAD_FLOW, INACTIVE, OF_HOST, SAMPLED, ONE_PACKET, TEMPLATE, METHOD, NO_OUTPUT } = ConnFlag

/** The timeout until the first packet sets that of its state. */
const INITIAL_TIMEOUT = 3 * HZ
/** The new timeout of a connection whose timer fires while it has children. */
const PARENT_TIMEOUT = 60 * HZ

/** What a connection was with another director. `flags`: `ConnFlag` bits; `timeout`, and how long ago its last packet came: in jiffies. */
export interface FormerConnection {
  readonly flags: number
  readonly state: number
  readonly timeout: number
  readonly ago: number
  readonly inPkts: number
}

export class Connections {
  readonly table: ConnTable
  /** The local sides of FULLNAT connections. A connection that ends returns its own. */
  readonly fullnatKeys: FullnatKeys
  readonly timeouts = new Timeouts()
  readonly timers: ConnTimers
  readonly templates: Templates
  readonly states: ConnStates
  readonly #destinations: DestinationTable
  #flows: ConnFlows | undefined
  /** Of so many new connections one is sampled; 0: none. */
  sampleEvery = 0
  #untilSample = 0

  /**
   * `random` returns unsigned 32-bit numbers; `share`: this director's share of the local ports, by default all; `allocate`
   * returns the table's memory.
   */
  constructor(
    capacity: number,
    random: () => number,
    destinations: DestinationTable,
    nowMs: number,
    share?: PortShare,
    allocate?: AllocateWords,
  ) {
    this.table = new ConnTable(capacity, random, allocate)
    const { words } = this.table
    this.fullnatKeys = new FullnatKeys(this.table, random, share)
    this.timers = new ConnTimers(this.table, nowMs)
    this.templates = new Templates(words)
    this.states = new ConnStates(words, this.timeouts, this.timers, this.templates, destinations)
    this.#destinations = destinations
  }

  /** Is told of connections whose packets a program forwards. */
  set flows(flows: ConnFlows) {
    this.#flows = flows
    this.states.flows = flows
  }
  /** The connection has what it would have had all its packets come up here: `inboundOf`, its timer. */
  settle(conn: ConnIndex): void {
    this.#flows?.settle(conn)
  }
  /** From now on all its packets come up here. */
  takeBack(conn: ConnIndex): void {
    this.#flows?.leave(conn)
  }

  /** Sets the clock and ends connections that are due, a bounded number a call. Returns whether all of them have ended. */
  advance(nowMs: number): boolean {
    this.timers.setClock(nowMs)
    this.fullnatKeys.advance(this.timers.now)
    return this.timers.advance(this)
  }

  /**
   * Opens the flow's connection to dport of a destination. The destination counts it as inactive; its timer runs. Returns NONE
   * when the table is full.
   */
  open(flow: Flow, dest: Destination, dport: number): ConnIndex {
    const conn = this.table.insert(flow.protocol, flow.caddr, flow.cport, flow.vaddr, flow.vport)
    if (conn === NONE) return NONE
    this.#bind(conn, dest, dport, INACTIVE | this.#sample())
    dest.bind()
    this.timers.start(conn, INITIAL_TIMEOUT)
    return conn
  }
  /** Opens a connection that another director had, as it was. NONE when the table is full. */
  reopen(flow: Flow, dest: Destination, dport: number, was: FormerConnection): ConnIndex {
    const conn = this.open(flow, dest, dport)
    if (conn === NONE) return NONE
    const { words } = this.table
    words[conn + FLAGS] = was.flags & ~(SAMPLED | OF_HOST | HAD_FLOW)
    words[conn + STATE_CHILDREN] = was.state
    words[conn + IN_PKTS] = was.inPkts
    if ((was.flags & INACTIVE) === 0) dest.countActive(1)
    this.timers.stop(conn)
    this.timers.startedAgo(conn, was.timeout, was.ago)
    return conn
  }
  /** Opens a connection for one packet. No lookup finds it. The caller must call `endOnePacket`. */
  openOnePacket(flow: Flow, dest: Destination, dport: number): ConnIndex {
    const conn = this.table.insertHidden(flow.protocol, flow.caddr, flow.cport, flow.vaddr, flow.vport)
    if (conn === NONE) return NONE
    this.#bind(conn, dest, dport, INACTIVE | ONE_PACKET)
    dest.bind()
    return conn
  }
  /**
   * Opens the template of a client network, for `timeout` jiffies. Its client port is 0. Of a fwmark service, `protocol` is 0
   * and `vaddr` the mark.
   */
  openTemplate(network: Flow, dest: Destination, dport: number, timeout: number): ConnIndex {
    const { protocol, caddr, vaddr, vport } = network
    const template = this.table.insert(protocol, caddr, 0, vaddr, vport)
    if (template === NONE) return NONE
    this.#bind(template, dest, dport, INACTIVE | TEMPLATE)
    dest.countTemplate(1)
    this.templates.count++
    this.timers.start(template, timeout)
    return template
  }
  /** Makes the template the connection's controller and restarts the template's timer. */
  adopt(template: ConnIndex, conn: ConnIndex): void {
    this.templates.adopt(template, conn)
    this.timers.restart(template)
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
  /** Its client is a program of this host. */
  markOfHost(conn: ConnIndex): void {
    this.table.words[conn + FLAGS]! |= OF_HOST
  }
  /** The forwarding method that it was opened with. */
  methodOf(conn: ConnIndex): Method {
    return (this.table.words[conn + FLAGS]! & METHOD) as Method
  }
  controllerOf(conn: ConnIndex): ConnIndex {
    return this.table.words[conn + CONTROLLER]! as ConnIndex
  }

  countInbound(conn: ConnIndex): void {
    this.table.words[conn + IN_PKTS]!++
  }
  /** Inbound packets so far. */
  inboundOf(conn: ConnIndex): number {
    return this.table.words[conn + IN_PKTS]!
  }

  /** Ends it in the next jiffy and counts it until then, as the kernel does, which lets the timer fire. */
  expireNow(conn: ConnIndex): void {
    this.takeBack(conn)
    this.fullnatKeys.endsEarly(conn)
    this.timers.fireNext(conn)
  }
  /** Ends it in the next jiffy, then its controller if that has no other children (§4.7, "drop with control chain"). */
  drop(conn: ConnIndex): void {
    if (this.controllerOf(conn) !== NONE) this.table.words[conn + TIMEOUT] = 0
    this.expireNow(conn)
  }
  /** The same at once. Frees its record, and perhaps its controller's. */
  dropNow(conn: ConnIndex): void {
    if (this.controllerOf(conn) !== NONE) this.table.words[conn + TIMEOUT] = 0
    this.fullnatKeys.endsEarly(conn)
    this.timers.stop(conn)
    this.#end(conn)
  }
  /** The packet of an openOnePacket connection has been sent. */
  endOnePacket(conn: ConnIndex): void {
    this.destinationOf(conn).unbind()
    this.templates.leave(conn)
    this.table.free(conn)
  }

  /** Called when the timer wheel reaches the record. */
  due(conn: ConnIndex): void {
    this.settle(conn)
    if (this.timers.putBack(conn)) return
    if (this.childrenOf(conn) > 0) this.timers.start(conn, PARENT_TIMEOUT)
    else this.#end(conn)
  }

  /** Frees all connections. Their destinations keep their counts: the caller must clear them too. */
  clear(): void {
    this.#flows?.clear()
    this.fullnatKeys.clear()
    this.table.clear()
    this.templates.count = 0
    this.timers.clear()
  }

  /** Of a new connection. The first one is sampled. */
  #sample(): number {
    if (this.sampleEvery === 0 || this.#untilSample-- > 0) return 0
    this.#untilSample = this.sampleEvery - 1
    return SAMPLED
  }
  #bind(conn: ConnIndex, dest: Destination, dport: number, flags: number): void {
    const { words } = this.table
    words[conn + DADDR] = dest.addr
    words[conn + DPORT_PROTOCOL]! |= dport << 16
    words[conn + DEST] = dest.index
    const { method } = dest
    words[conn + FLAGS] = flags | method | (isOneWay(method) ? NO_OUTPUT : 0)
  }

  #end(conn: ConnIndex): void {
    this.#flows?.ended(conn)
    const dest = this.destinationOf(conn)
    if (this.templates.is(conn)) {
      dest.countTemplate(-1)
      this.templates.count--
    } else {
      if (!this.has(conn, INACTIVE)) dest.countActive(-1)
      dest.unbind()
    }
    const controller = this.templates.leave(conn)
    const wasDropped = this.table.words[conn + TIMEOUT] === 0
    this.fullnatKeys.remove(conn, this.timers.now)
    this.table.remove(conn)
    if (!wasDropped || controller === NONE || this.childrenOf(controller) > 0) return
    if (!this.templates.isAssured(controller)) this.drop(controller)
  }
}
