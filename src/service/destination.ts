import type { Ipv4Addr } from '../wire/addr.js'
import type { Counters } from './counters.js'

/** What the columns hold of one destination. */
const Column = { WEIGHT: 0, ACTIVE: 1, TOTAL: 2, AVAILABLE: 3, COUNTERS: 4 } as const
const FIELDS = 8

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
  create(protocol: number, vaddr: Ipv4Addr, vport: number, addr: Ipv4Addr, port: number): Destination {
    const index = this.#free.pop() ?? this.#rows.length
    if ((index + 1) * FIELDS > this.words.length) this.#grow()
    this.words.fill(0, index * FIELDS, (index + 1) * FIELDS)
    this.words[index * FIELDS + Column.COUNTERS] = this.counters.allocate()
    const dest = new Destination(this, index, protocol, vaddr, vport, addr, port)
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
  readonly protocol: number
  readonly vaddr: Ipv4Addr
  readonly vport: number
  readonly addr: Ipv4Addr
  readonly port: number
  /** Counter row of the service it belongs to now. */
  serviceCounters = 0
  readonly #table: DestinationTable
  readonly #at: number

  constructor(
    table: DestinationTable,
    index: number,
    protocol: number,
    vaddr: Ipv4Addr,
    vport: number,
    addr: Ipv4Addr,
    port: number,
  ) {
    this.#table = table
    this.#at = index * FIELDS
    this.index = index
    this.protocol = protocol
    this.vaddr = vaddr
    this.vport = vport
    this.addr = addr
    this.port = port
  }

  /** 0 to 2^31 − 1; 0 takes no new connections. */
  get weight(): number {
    return this.#table.words[this.#at + Column.WEIGHT]!
  }
  set weight(weight: number) {
    this.#table.words[this.#at + Column.WEIGHT] = weight
  }
  /** In a service's list; otherwise deleted, and waiting in the trash for its connections to end. */
  get available(): boolean {
    return this.#table.words[this.#at + Column.AVAILABLE] === 1
  }
  set available(available: boolean) {
    this.#table.words[this.#at + Column.AVAILABLE] = available ? 1 : 0
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

  /** A connection was bound or unbound. */
  countConnections(by: 1 | -1): void {
    this.#table.words[this.#at + Column.TOTAL]! += by
  }
  /** A connection became active or ceased to be. */
  countActive(by: 1 | -1): void {
    this.#table.words[this.#at + Column.ACTIVE]! += by
  }
}
