import type { Ipv4Addr } from '../wire/addr.js'
import type { Counters } from './counters.js'
import { Method, type Tunnel, TunnelType } from './method.js'
import type { ServiceIdentity } from './service-identity.js'
import { Count, COUNTS, type SharedCounts } from './shared-counts.js'

const LARGEST_MTU = 0xffff

/**
 * Destinations by number; a connection names its real server so. They outlive the service that they were added to for as long
 * as a connection refers to them (ipvs-behaviour.md §2.7).
 *
 * Their connections are counted in a column of their own, or, where several directors balance over the same real servers, in
 * memory that these share.
 */
export class DestinationTable {
  counts: Int32Array = new Int32Array(64 * COUNTS)
  readonly shared: SharedCounts | undefined
  readonly counters: Counters
  readonly #rows: (Destination | undefined)[] = []
  readonly #free: number[] = []

  constructor(counters: Counters, shared?: SharedCounts) {
    this.counters = counters
    this.shared = shared
    if (shared) this.counts = shared.words
  }

  hasRoomFor(service: ServiceIdentity, addr: Ipv4Addr, port: number): boolean {
    return this.shared?.hasRoomFor(service, addr, port) ?? true
  }
  /** A new destination of weight 0, not yet available. There must be room for it. */
  create(service: ServiceIdentity, addr: Ipv4Addr, port: number): Destination {
    const index = this.#free.pop() ?? this.#rows.length
    const countAt = this.shared?.hold(service, addr, port) ?? this.#emptyCounts(index)
    const dest = new Destination(this, index, countAt, this.counters.allocate(), service, addr, port)
    this.#rows[index] = dest
    return dest
  }
  at(index: number): Destination {
    return this.#rows[index]!
  }
  /** Frees the number. No connection may refer to it any more. */
  release(dest: Destination): void {
    this.counters.release(dest.counters)
    this.shared?.letGo(dest.countAt)
    this.#rows[dest.index] = undefined
    this.#free.push(dest.index)
  }
  /** Forgets all. What is counted together with others is given up only when they all have. */
  clear(): void {
    if (this.shared) for (const dest of this.#rows) if (dest) this.shared.letGo(dest.countAt)
    this.#rows.length = 0
    this.#free.length = 0
  }

  #emptyCounts(index: number): number {
    const at = index * COUNTS
    if (at + COUNTS > this.counts.length) {
      const wider = new Int32Array(this.counts.length * 2)
      wider.set(this.counts)
      this.counts = wider
    }
    this.counts.fill(0, at, at + COUNTS)
    return at
  }
}

/** A real server inside one virtual service. */
export class Destination {
  readonly index: number
  /** The service it was added to: what a service made again is known by. Its identity only: it may outlive the service. */
  readonly service: ServiceIdentity
  readonly addr: Ipv4Addr
  readonly port: number
  /** Its row of counters. */
  readonly counters: number
  /** Counter row of the service it belongs to now. */
  serviceCounters = 0
  /** In a service's list; otherwise deleted, and waiting in the trash for its connections to end. */
  available = false
  /** How its new connections reach it; open ones keep what they began with. */
  method: Method = Method.MASQ
  /** Its service tells clients by TOA: then nothing that a client sends of TOA's kind may reach it. */
  believesToa = false
  /** Falls along its service's list, which those that are not served share. */
  order = 0
  /** Where it stands among those of its address, in `RealServers`. */
  sibling = 0
  /** Where its counts begin in the table's. */
  readonly countAt: number
  readonly #table: DestinationTable
  #weight = 0
  #lastWeight = 0
  #upper = 0
  #lower = 0
  #tunnelType: TunnelType = TunnelType.IPIP
  #tunnelPort = 0
  #tunnelFlags = 0
  #routeMtu = 0
  #hasLearntMtu = false
  /** Schedulers' caches that remember it. */
  #cached = 0

  constructor(
    table: DestinationTable,
    index: number,
    countAt: number,
    counters: number,
    service: ServiceIdentity,
    addr: Ipv4Addr,
    port: number,
  ) {
    this.#table = table
    this.index = index
    this.countAt = countAt
    this.counters = counters
    this.service = service
    this.addr = addr
    this.port = port
  }

  /** Whether packets of this protocol may be its: those of its service, or, behind a mark, any. */
  servesProtocol(protocol: number): boolean {
    return this.service.protocol === protocol || this.service.mark !== 0
  }

  /** What tunnelled packets are wrapped in, those of open connections too. */
  get tunnel(): Tunnel {
    return { type: this.#tunnelType, port: this.#tunnelPort, flags: this.#tunnelFlags }
  }
  set tunnel({ type, flags, port }: Tunnel) {
    this.#tunnelType = type
    this.#tunnelPort = port
    this.#tunnelFlags = flags
    this.#routeMtu = 0
    this.#hasLearntMtu = false
  }
  get tunnelType(): TunnelType {
    return this.#tunnelType
  }
  get tunnelFlags(): number {
    return this.#tunnelFlags
  }
  get tunnelPort(): number {
    return this.#tunnelPort
  }
  /** The MTU of the route that its last packet took; 0: none since it was added or edited. */
  get routeMtu(): number {
    return this.#routeMtu
  }
  /** Whether a router had told that MTU: then the route hears of a smaller one at once. */
  get hasLearntMtu(): boolean {
    return this.#hasLearntMtu
  }
  /** A packet goes by a route of this MTU. */
  routed(mtu: number, isLearnt: boolean): void {
    this.#routeMtu = Math.min(mtu, LARGEST_MTU)
    this.#hasLearntMtu = isLearnt
  }
  /** 0 to 2^31 − 1; 0 takes no new connections. */
  get weight(): number {
    return this.#weight
  }
  /** The weight given when it was added, or the last one above 0 that it was edited to. */
  get lastWeight(): number {
    return this.#lastWeight
  }
  /** It has as many connections as it may: schedulers pass it over until the lower threshold (ipvs-behaviour.md §2.5). */
  get overloaded(): boolean {
    return this.#table.counts[this.countAt + Count.OVERLOADED] !== 0
  }
  /** May be given a new connection: weight above 0, not overloaded. */
  get eligible(): boolean {
    return this.#weight > 0 && !this.overloaded
  }
  /** Connections at which it counts as overloaded, and below which it no longer does; 0: none. */
  get upperThreshold(): number {
    return this.#upper
  }
  get lowerThreshold(): number {
    return this.#lower
  }
  /** Connections in an active state (ActiveConn). */
  get activeConns(): number {
    return this.#table.counts[this.countAt + Count.ACTIVE]!
  }
  /** The others (InActConn). */
  get inactConns(): number {
    return Math.max(this.totalConns - this.activeConns, 0)
  }
  get totalConns(): number {
    return this.#table.counts[this.countAt + Count.TOTAL]!
  }
  /** Persistence templates that name it (PersistConn). */
  get persistConns(): number {
    return this.#table.counts[this.countAt + Count.PERSISTENT]!
  }
  /** Whether any connection, template or scheduler's cache refers to it. */
  get referenced(): boolean {
    return this.totalConns > 0 || this.persistConns > 0 || this.#cached > 0
  }

  /** What it is given when it is added: also when it comes back from the trash. */
  configure(weight: number, upper: number, lower: number): void {
    this.#lastWeight = weight
    this.reconfigure(weight, upper, lower)
  }
  /** What an edit gives it. An upper threshold raised, or taken away, ends an overload. */
  reconfigure(weight: number, upper: number, lower: number): void {
    if (weight > 0) this.#lastWeight = weight
    if (upper === 0 || upper > this.#upper) this.#setOverloaded(false)
    this.#weight = weight
    this.#upper = upper
    this.#lower = lower
  }
  /** A connection was bound. */
  bind(): void {
    const count = this.#count(Count.TOTAL, 1)
    if (this.#upper !== 0 && count >= this.#upper) this.#setOverloaded(true)
  }
  /** A connection was unbound. */
  unbind(): void {
    const count = this.#count(Count.TOTAL, -1)
    const upper = this.#upper
    const lower = this.#lower
    if (lower !== 0 ? count < lower : upper === 0 || count * 4 < upper * 3) this.#setOverloaded(false)
  }
  /** A connection became active or ceased to be. */
  countActive(by: 1 | -1): void {
    this.#count(Count.ACTIVE, by)
  }
  /** A template was bound or unbound. */
  countTemplate(by: 1 | -1): void {
    this.#count(Count.PERSISTENT, by)
  }
  /** A scheduler remembers it, or no longer does. */
  countCached(by: 1 | -1): void {
    this.#cached += by
  }

  /** Answers the new count. */
  #count(which: number, by: 1 | -1): number {
    const { counts, shared } = this.#table
    if (shared === undefined) return (counts[this.countAt + which]! += by)
    return Atomics.add(counts, this.countAt + which, by) + by
  }
  /** Nobody adds to it, so that the last word holds, as among the kernel's processors. */
  #setOverloaded(overloaded: boolean): void {
    this.#table.counts[this.countAt + Count.OVERLOADED] = overloaded ? 1 : 0
  }
}
