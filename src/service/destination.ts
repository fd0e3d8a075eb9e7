import type { Ipv4Addr } from '../wire/addr.js'
import type { Counters } from './counters.js'
import type { Method, Tunnel, TunnelType } from './method.js'
import type { ServiceIdentity } from './service-identity.js'

/** What the columns hold of one destination. */
const Column = {
  WEIGHT: 0,
  LAST_WEIGHT: 1,
  ACTIVE: 2,
  TOTAL: 3,
  PERSISTENT: 4,
  FLAGS: 5,
  UPPER: 6,
  LOWER: 7,
  COUNTERS: 8,
  CACHED: 9,
  METHOD: 10,
  /** type | flags << 8 | port << 16 */
  TUNNEL: 11,
  /** MTU | 1 << 31 where a router told it */
  ROUTE: 12,
} as const
const FIELDS = 16
const LARGEST_MTU = 0xffff

const Flag = { AVAILABLE: 1, OVERLOADED: 2 } as const

/**
 * Destinations as columns of numbers; a connection names its real server by a row here. The rows outlive the service
 * they were added to for as long as a connection refers to them (ipvs-behaviour.md §2.7).
 */
export class DestinationTable {
  words = new Int32Array(64 * FIELDS)
  readonly counters: Counters
  readonly #rows: (Destination | undefined)[] = []
  readonly #free: number[] = []

  constructor(counters: Counters) {
    this.counters = counters
  }

  /** A new destination of weight 0, not yet available. */
  create(service: ServiceIdentity, addr: Ipv4Addr, port: number): Destination {
    const index = this.#free.pop() ?? this.#rows.length
    if ((index + 1) * FIELDS > this.words.length) this.#grow()
    this.words.fill(0, index * FIELDS, (index + 1) * FIELDS)
    this.words[index * FIELDS + Column.COUNTERS] = this.counters.allocate()
    const dest = new Destination(this, index, service, addr, port)
    this.#rows[index] = dest
    return dest
  }
  at(index: number): Destination {
    return this.#rows[index]!
  }
  /** Frees the row. No connection may refer to it any more. */
  release(dest: Destination): void {
    this.counters.release(dest.counters)
    this.#rows[dest.index] = undefined
    this.#free.push(dest.index)
  }
  clear(): void {
    this.#rows.length = 0
    this.#free.length = 0
  }

  #grow(): void {
    const wider = new Int32Array(this.words.length * 2)
    wider.set(this.words)
    this.words = wider
  }
}

/** A real server inside one virtual service. A handle: what changes is in the table's columns. */
export class Destination {
  readonly index: number
  /** The service it was added to: what a service made again is known by. Its identity only: it may outlive the service. */
  readonly service: ServiceIdentity
  readonly addr: Ipv4Addr
  readonly port: number
  /** Counter row of the service it belongs to now. */
  serviceCounters = 0
  /** Falls along its service's list, which those that are not served share. */
  order = 0
  /** Where it stands among those of its address, in `RealServers`. */
  sibling = 0
  readonly #table: DestinationTable
  readonly #at: number

  constructor(table: DestinationTable, index: number, service: ServiceIdentity, addr: Ipv4Addr, port: number) {
    this.#table = table
    this.#at = index * FIELDS
    this.index = index
    this.service = service
    this.addr = addr
    this.port = port
  }

  /** Whether packets of this protocol may be its: those of its service, or, behind a mark, any. */
  servesProtocol(protocol: number): boolean {
    return this.service.protocol === protocol || this.service.mark !== 0
  }

  /** How its new connections reach it; open ones keep what they began with. */
  get method(): Method {
    return this.#table.words[this.#at + Column.METHOD]! as Method
  }
  set method(method: Method) {
    this.#table.words[this.#at + Column.METHOD] = method
  }
  /** What tunnelled packets are wrapped in, those of open connections too. */
  get tunnel(): Tunnel {
    return { type: this.tunnelType, port: this.tunnelPort, flags: this.tunnelFlags }
  }
  set tunnel({ type, flags, port }: Tunnel) {
    this.#table.words[this.#at + Column.TUNNEL] = type | (flags << 8) | (port << 16)
    this.#table.words[this.#at + Column.ROUTE] = 0
  }
  /** The MTU of the route that its last packet took; 0: none since it was added or edited. */
  get routeMtu(): number {
    return this.#table.words[this.#at + Column.ROUTE]! & LARGEST_MTU
  }
  /** Whether a router had told that MTU: then the route hears of a smaller one at once. */
  get hasLearntMtu(): boolean {
    return this.#table.words[this.#at + Column.ROUTE]! < 0
  }
  /** A packet goes by a route of this MTU. */
  routed(mtu: number, isLearnt: boolean): void {
    this.#table.words[this.#at + Column.ROUTE] = Math.min(mtu, LARGEST_MTU) | (isLearnt ? 1 << 31 : 0)
  }
  get tunnelType(): TunnelType {
    return (this.#table.words[this.#at + Column.TUNNEL]! & 0xff) as TunnelType
  }
  get tunnelFlags(): number {
    return (this.#table.words[this.#at + Column.TUNNEL]! >>> 8) & 0xff
  }
  get tunnelPort(): number {
    return this.#table.words[this.#at + Column.TUNNEL]! >>> 16
  }
  /** 0 to 2^31 − 1; 0 takes no new connections. */
  get weight(): number {
    return this.#table.words[this.#at + Column.WEIGHT]!
  }
  /** The weight given when it was added, or the last one above 0 that it was edited to. */
  get lastWeight(): number {
    return this.#table.words[this.#at + Column.LAST_WEIGHT]!
  }
  /** In a service's list; otherwise deleted, and waiting in the trash for its connections to end. */
  get available(): boolean {
    return (this.#table.words[this.#at + Column.FLAGS]! & Flag.AVAILABLE) !== 0
  }
  set available(available: boolean) {
    if (available) this.#table.words[this.#at + Column.FLAGS]! |= Flag.AVAILABLE
    else this.#table.words[this.#at + Column.FLAGS]! &= ~Flag.AVAILABLE
  }
  /** It has as many connections as it may: schedulers pass it over until the lower threshold (ipvs-behaviour.md §2.5). */
  get overloaded(): boolean {
    return (this.#table.words[this.#at + Column.FLAGS]! & Flag.OVERLOADED) !== 0
  }
  /** May be given a new connection: weight above 0, not overloaded. */
  get eligible(): boolean {
    return this.weight > 0 && !this.overloaded
  }
  /** Connections at which it counts as overloaded, and below which it no longer does; 0: none. */
  get upperThreshold(): number {
    return this.#table.words[this.#at + Column.UPPER]!
  }
  get lowerThreshold(): number {
    return this.#table.words[this.#at + Column.LOWER]!
  }
  /** Connections in an active state (ActiveConn). */
  get activeConns(): number {
    return this.#table.words[this.#at + Column.ACTIVE]!
  }
  /** The others (InActConn). */
  get inactConns(): number {
    return Math.max(this.totalConns - this.activeConns, 0)
  }
  get totalConns(): number {
    return this.#table.words[this.#at + Column.TOTAL]!
  }
  /** Its row of counters. */
  get counters(): number {
    return this.#table.words[this.#at + Column.COUNTERS]!
  }

  /** Persistence templates that name it (PersistConn). */
  get persistConns(): number {
    return this.#table.words[this.#at + Column.PERSISTENT]!
  }
  /** Whether any connection, template or scheduler's cache refers to it. */
  get referenced(): boolean {
    return this.totalConns > 0 || this.persistConns > 0 || this.#table.words[this.#at + Column.CACHED]! > 0
  }

  /** What it is given when it is added: also when it comes back from the trash. */
  configure(weight: number, upper: number, lower: number): void {
    this.#table.words[this.#at + Column.LAST_WEIGHT] = weight
    this.reconfigure(weight, upper, lower)
  }
  /** What an edit gives it. An upper threshold raised, or taken away, ends an overload. */
  reconfigure(weight: number, upper: number, lower: number): void {
    const { words } = this.#table
    if (weight > 0) words[this.#at + Column.LAST_WEIGHT] = weight
    if (upper === 0 || upper > this.upperThreshold) this.#setOverloaded(false)
    words[this.#at + Column.WEIGHT] = weight
    words[this.#at + Column.UPPER] = upper
    words[this.#at + Column.LOWER] = lower
  }
  /** A connection was bound. */
  bind(): void {
    const count = ++this.#table.words[this.#at + Column.TOTAL]!
    if (this.upperThreshold !== 0 && count >= this.upperThreshold) this.#setOverloaded(true)
  }
  /** A connection was unbound. */
  unbind(): void {
    const count = --this.#table.words[this.#at + Column.TOTAL]!
    const { upperThreshold: upper, lowerThreshold: lower } = this
    if (lower !== 0 ? count < lower : upper === 0 || count * 4 < upper * 3) this.#setOverloaded(false)
  }
  /** A connection became active or ceased to be. */
  countActive(by: 1 | -1): void {
    this.#table.words[this.#at + Column.ACTIVE]! += by
  }
  /** A template was bound or unbound. */
  countTemplate(by: 1 | -1): void {
    this.#table.words[this.#at + Column.PERSISTENT]! += by
  }
  /** A scheduler remembers it, or no longer does. */
  countCached(by: 1 | -1): void {
    this.#table.words[this.#at + Column.CACHED]! += by
  }

  #setOverloaded(overloaded: boolean): void {
    if (overloaded) this.#table.words[this.#at + Column.FLAGS]! |= Flag.OVERLOADED
    else this.#table.words[this.#at + Column.FLAGS]! &= ~Flag.OVERLOADED
  }
}
