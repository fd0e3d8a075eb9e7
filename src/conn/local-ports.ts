import { FIRST_LOCAL_PORT } from '../packet/local-port.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { AddressSet } from '../wire/address-set.js'

export const LOCAL_PORTS = 65_536 - FIRST_LOCAL_PORT

/** The share of one of `of` directors that use the same local addresses: the ports p with p mod `of` = `index`. */
export interface PortShare {
  readonly index: number
  readonly of: number
}
/** The lowest of a director's ports, the distance between two of them, and how many there are. */
interface Ports {
  readonly first: number
  readonly step: number
  readonly count: number
}
function portsOf({ index, of }: PortShare): Ports {
  const first = FIRST_LOCAL_PORT + ((index - (FIRST_LOCAL_PORT % of) + of) % of)
  return { first, step: of, count: Math.ceil((65_536 - first) / of) }
}

/** Returned when no port is free. */
export const NO_PORT = 0

/** Unused pools are kept while there are at most this many in all: a pool knows its next port. */
const MOST_POOLS = 4096
const FIRST_RING = 64
const FULL_RING = 65_536

/** Whose ports a pool has. */
interface PoolIdentity {
  readonly protocol: number
  readonly local: LocalAddress
  readonly daddr: Ipv4Addr
  readonly dport: number
}

/** A local address that has pools. */
class LocalAddress {
  readonly addr: Ipv4Addr
  pools = 0
  /** Pairs taken. */
  uses = 0

  constructor(addr: Ipv4Addr) {
    this.addr = addr
  }
}

/**
 * The ports of one local address towards one real server's port. It takes unused ports first, from a random one on, then
 * returned ports, oldest first: a port is used again as late as possible. Unused ports take no memory.
 */
class Pool {
  readonly protocol: number
  readonly local: LocalAddress
  readonly daddr: Ipv4Addr
  readonly dport: number
  readonly number: number
  /** The next pool of the same key. */
  next: Pool | undefined
  readonly #ports: Ports
  /** Index of the first port that the pool took, and how many it has taken. */
  #start: number
  #taken = 0
  /** Returned ports, a ring; its length is a power of two. */
  #ring: Uint16Array | undefined
  #head = 0
  #returned = 0
  /** Ports that were claimed before their turn, and are in use. */
  #claimed: Set<number> | undefined

  constructor(of: PoolIdentity, number: number, next: Pool | undefined, ports: Ports, start: number) {
    this.protocol = of.protocol
    this.local = of.local
    this.daddr = of.daddr
    this.dport = of.dport
    this.number = number
    this.next = next
    this.#ports = ports
    this.#start = start % ports.count
  }

  get inUse(): number {
    return this.#taken - this.#returned + (this.#claimed?.size ?? 0)
  }

  take(): number {
    const { first, step, count } = this.#ports
    while (this.#taken < count) {
      const port = first + step * ((this.#start + this.#taken++) % count)
      if (!this.#claimed?.delete(port)) return port
    }
    if (this.#returned === 0) return NO_PORT
    const ring = this.#ring!
    const port = ring[this.#head]!
    this.#head = (this.#head + 1) & (ring.length - 1)
    this.#returned--
    return port
  }

  /** Takes this port. Returns false if it has been taken before, or is none of the pool's. */
  claim(port: number): boolean {
    const { first, step, count } = this.#ports
    const index = (port - first) / step
    if (!Number.isInteger(index) || index < 0 || index >= count || this.#claimed?.has(port)) return false
    if ((index - this.#start + count) % count < this.#taken) return false
    this.#claimed ??= new Set()
    this.#claimed.add(port)
    return true
  }

  give(port: number): void {
    if (this.#claimed?.delete(port)) return // unused again
    const ring = this.#roomy()
    ring[(this.#head + this.#returned++) & (ring.length - 1)] = port
    if (this.#returned === this.#taken) this.#beginAnew()
  }

  /** All ports have returned: frees the ring. The next ports taken are still those unused the longest, or nearly so. */
  #beginAnew(): void {
    const { first, step, count } = this.#ports
    const next = this.#taken < count ? this.#start + this.#taken : (this.#ring![this.#head]! - first) / step
    this.#start = next % count
    this.#taken = 0
    this.#returned = 0
    this.#head = 0
    this.#ring = undefined
  }
  #roomy(): Uint16Array {
    const ring = this.#ring
    if (ring !== undefined && this.#returned < ring.length) return ring
    const wider = new Uint16Array(ring === undefined ? FIRST_RING : Math.min(ring.length * 2, FULL_RING))
    if (ring !== undefined) {
      wider.set(ring.subarray(this.#head))
      wider.set(ring.subarray(0, this.#head), ring.length - this.#head)
    }
    this.#head = 0
    this.#ring = wider
    return wider
  }
}

/**
 * The pairs of local address and port that FULLNAT connections come from. Services share them: a pair is taken at most once
 * for each real server's port and protocol. Taking and returning one is O(1).
 */
export class LocalPorts {
  readonly #random: () => number
  readonly #ports: Ports
  /** By number. A connection names its pool by it. */
  readonly #pools: (Pool | undefined)[] = []
  readonly #free: number[] = []
  /** The pools by `keyOf`; those of the same key, which differ in both addresses or in one and the port, follow by `next`. */
  readonly #byKey = new Map<number, Pool>()
  readonly #locals = new Map<Ipv4Addr, LocalAddress>()
  /** The local addresses with pairs taken. Every packet looks here. */
  readonly inUse = new AddressSet()

  /**
   * `random` returns unsigned 32-bit numbers. Each pool begins at a random port, so that a restarted director uses other
   * ports.
   */
  constructor(random: () => number, share: PortShare = { index: 0, of: 1 }) {
    this.#random = random
    this.#ports = portsOf(share)
  }

  /**
   * The number of the pool for connections from `laddr` to daddr:dport. Call `take` right away: `give` may free unused
   * pools.
   */
  poolOf(protocol: number, laddr: Ipv4Addr, daddr: Ipv4Addr, dport: number): number {
    let pool = this.#byKey.get(keyOf(protocol, laddr, daddr, dport))
    while (pool !== undefined) {
      if (pool.daddr === daddr && pool.local.addr === laddr) return pool.number
      pool = pool.next
    }
    return this.#make(protocol, laddr, daddr, dport)
  }
  /** Takes a port of the pool. Returns it, or NO_PORT. */
  take(number: number): number {
    const pool = this.#pools[number]!
    const port = pool.take()
    if (port !== NO_PORT) this.#use(pool.local)
    return port
  }
  /** Takes this port of the pool: that of a connection which another director has opened. Returns whether nobody has it. */
  claim(number: number, port: number): boolean {
    const pool = this.#pools[number]!
    const isFree = pool.claim(port)
    if (isFree) this.#use(pool.local)
    return isFree
  }
  /** Returns a port to the pool that it was taken from. */
  give(number: number, port: number): void {
    const pool = this.#pools[number]!
    const { local } = pool
    pool.give(port)
    if (--local.uses === 0) this.inUse.delete(local.addr)
    if (pool.inUse === 0 && this.#pools.length - this.#free.length > MOST_POOLS) this.#forget(pool)
  }
  /** The number of pairs taken of a local address. */
  usesOf(laddr: Ipv4Addr): number {
    return this.#locals.get(laddr)?.uses ?? 0
  }
  /** The number of pairs taken, by local address. */
  get uses(): ReadonlyMap<Ipv4Addr, number> {
    return new Map([...this.#locals.values()].filter(({ uses }) => uses > 0).map(({ addr, uses }) => [addr, uses]))
  }
  clear(): void {
    this.#pools.length = 0
    this.#free.length = 0
    this.#byKey.clear()
    this.#locals.clear()
    this.inUse.clear()
  }

  #use(local: LocalAddress): void {
    if (local.uses++ === 0) this.inUse.add(local.addr)
  }
  #make(protocol: number, laddr: Ipv4Addr, daddr: Ipv4Addr, dport: number): number {
    const key = keyOf(protocol, laddr, daddr, dport)
    const local = this.#locals.get(laddr) ?? new LocalAddress(laddr)
    this.#locals.set(laddr, local)
    local.pools++
    const number = this.#free.pop() ?? this.#pools.length
    const of = { protocol, local, daddr, dport }
    const pool = new Pool(of, number, this.#byKey.get(key), this.#ports, this.#random())
    this.#pools[number] = pool
    this.#byKey.set(key, pool)
    return number
  }
  #forget(pool: Pool): void {
    const { protocol, local, daddr, dport, number, next } = pool
    const key = keyOf(protocol, local.addr, daddr, dport)
    let before = this.#byKey.get(key)!
    if (before !== pool) {
      while (before.next !== pool) before = before.next!
      before.next = next
    } else if (next === undefined) this.#byKey.delete(key)
    else this.#byKey.set(key, next)
    if (--local.pools === 0) this.#locals.delete(local.addr)
    this.#pools[number] = undefined
    this.#free.push(number)
  }
}

/**
 * Between a local address and a real server each port and protocol has a key of its own: clients of a service of port 0 choose the port.
 * An integer of 32 bits, which V8 finds faster than a larger one.
 */
function keyOf(protocol: number, laddr: Ipv4Addr, daddr: Ipv4Addr, dport: number): number {
  return Math.imul(daddr, 0x9e3779b1) ^ Math.imul(laddr, 0x85ebca6b) ^ ((dport << 16) | protocol)
}
