import type { Ipv4Addr } from '../wire/addr.js'
import type { Counters } from './counters.js'
import { Method, type Tunnel, TunnelType } from './method.js'
import type { ServiceIdentity } from './service-identity.js'
import { Count, COUNTS, type SharedCounts } from './shared-counts.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { OVERLOADED, ACTIVE, TOTAL, PERSISTENT } = Count

const LARGEST_MTU = 0xffff

/**
 * Destinations by index. A connection names its real server by this index. A destination outlives its service while a
 * connection refers to it (ipvs-behaviour.md §2.7).
 *
 * The counts of connections are a column of this table, or shared memory if several directors balance over the same real
 * servers.
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
  /** Creates a destination of weight 0, not yet available. `hasRoomFor` must be true. */
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
  /** Frees the index. No connection may refer to it any more. */
  release(dest: Destination): void {
    this.counters.release(dest.counters)
    this.shared?.letGo(dest.countAt)
    this.#rows[dest.index] = undefined
    this.#free.push(dest.index)
  }
  /** Frees all. A shared slot becomes free when all directors have let go of it. */
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
  /** Identity of the service that it was added to. The destination may outlive that service. */
  readonly service: ServiceIdentity
  readonly addr: Ipv4Addr
  readonly port: number
  /** Its row of counters. */
  readonly counters: number
  /** Counter row of the service it belongs to now. */
  serviceCounters = 0
  /** In a service's list. False: deleted, and in the trash until its connections have ended. */
  available = false
  /** The forwarding method of new connections. Open ones keep theirs. */
  method: Method = Method.MASQ
  /** Its service inserts TOA. */
  isToldToa = false
  /** Its own service, or another one that has a real server of its address, inserts TOA: then every TOA option that a client sends must be removed. */
  believesToa = false
  /** Its number in the service's list, which also numbers the servers of not-yet.ts. Falls along the list. */
  order = 0
  /** Its index among the destinations of the same address, in `RealServers`. */
  sibling = 0
  /** Rises with every add, and with every edit of method, tunnel type or tunnel port, in `RealServers`. */
  tunnelOrder = 0
  /** Where its counts begin in the table's `counts`. */
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
  /** Cache entries of schedulers that refer to it. */
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

  /** Whether it serves packets of this protocol: its service's, or any if the service is a mark's. */
  servesProtocol(protocol: number): boolean {
    return this.service.protocol === protocol || this.service.mark !== 0
  }

  /** The tunnel of its packets, those of open connections too. */
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
  /** The MTU of the route that its last packet took; 0: no packet since it was added or edited. */
  get routeMtu(): number {
    return this.#routeMtu
  }
  /** Whether that MTU was learnt from a router. Then a smaller one takes effect at once. */
  get hasLearntMtu(): boolean {
    return this.#hasLearntMtu
  }
  /** Records the MTU of the route that a packet takes. */
  routed(mtu: number, isLearnt: boolean): void {
    this.#routeMtu = Math.min(mtu, LARGEST_MTU)
    this.#hasLearntMtu = isLearnt
  }
  /** 0 to 2^31 − 1; 0 takes no new connections. */
  get weight(): number {
    return this.#weight
  }
  /** The weight that it was added with, or the last one above 0 that an edit gave it. */
  get lastWeight(): number {
    return this.#lastWeight
  }
  /** It has reached its upper threshold: schedulers skip it until it falls below the lower one (ipvs-behaviour.md §2.5). */
  get overloaded(): boolean {
    return this.#table.counts[this.countAt + OVERLOADED] !== 0
  }
  /** May be given a new connection: weight above 0, not overloaded. */
  get eligible(): boolean {
    return this.#weight > 0 && !this.overloaded
  }
  /** Connections at which it becomes overloaded, and below which it ceases to be; 0: no threshold. */
  get upperThreshold(): number {
    return this.#upper
  }
  get lowerThreshold(): number {
    return this.#lower
  }
  /** Connections in an active state (ActiveConn). */
  get activeConns(): number {
    return this.#table.counts[this.countAt + ACTIVE]!
  }
  /** Connections in any other state (InActConn). */
  get inactConns(): number {
    return Math.max(this.totalConns - this.activeConns, 0)
  }
  get totalConns(): number {
    return this.#table.counts[this.countAt + TOTAL]!
  }
  /** Persistence templates of it (PersistConn). */
  get persistConns(): number {
    return this.#table.counts[this.countAt + PERSISTENT]!
  }
  /** Whether a connection, template or scheduler's cache refers to it. */
  get referenced(): boolean {
    return this.totalConns > 0 || this.persistConns > 0 || this.#cached > 0
  }

  /** Applies the settings of an add, also when it comes back from the trash. */
  configure(weight: number, upper: number, lower: number): void {
    this.#lastWeight = weight
    this.reconfigure(weight, upper, lower)
  }
  /** Applies the settings of an edit. An upper threshold that is raised or removed ends an overload. */
  reconfigure(weight: number, upper: number, lower: number): void {
    if (weight > 0) this.#lastWeight = weight
    if (upper === 0 || upper > this.#upper) this.#setOverloaded(false)
    this.#weight = weight
    this.#upper = upper
    this.#lower = lower
  }
  /** A connection was bound. */
  bind(): void {
    const count = this.#count(TOTAL, 1)
    if (this.#upper !== 0 && count >= this.#upper) this.#setOverloaded(true)
  }
  /** A connection was unbound. */
  unbind(): void {
    const count = this.#count(TOTAL, -1)
    const upper = this.#upper
    const lower = this.#lower
    if (lower !== 0 ? count < lower : upper === 0 || count * 4 < upper * 3) this.#setOverloaded(false)
  }
  /** A connection became active or ceased to be. */
  countActive(by: 1 | -1): void {
    this.#count(ACTIVE, by)
  }
  /** A template was bound or unbound. */
  countTemplate(by: 1 | -1): void {
    this.#count(PERSISTENT, by)
  }
  /** A scheduler's cache refers to it, or no longer does. */
  countCached(by: 1 | -1): void {
    this.#cached += by
  }

  /** Returns the new count. */
  #count(which: number, by: 1 | -1): number {
    const { counts, shared } = this.#table
    if (shared === undefined) return (counts[this.countAt + which]! += by)
    return Atomics.add(counts, this.countAt + which, by) + by
  }
  /** A plain store: directors do not add to this word, the last one to write wins, as among the kernel's CPUs. */
  #setOverloaded(overloaded: boolean): void {
    this.#table.counts[this.countAt + OVERLOADED] = overloaded ? 1 : 0
  }
}
