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

/**
 * The ports of one local address towards one real server's port. It takes unused ports first, from a random one on, then
 * returned ports, oldest first: a port is used again as late as possible. Unused ports take no memory.
 */
class Pool {
  readonly protocol: number
  readonly laddr: Ipv4Addr
  readonly server: number
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

  constructor(protocol: number, laddr: Ipv4Addr, server: number, ports: Ports, start: number) {
    this.protocol = protocol
    this.laddr = laddr
    this.server = server
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
  /** Numbers of pools: by real server's address and port, then by local address and protocol. */
  readonly #byServer = new Map<number, Map<number, number>>()
  /** Local address → pairs taken. */
  readonly #uses = new Map<Ipv4Addr, number>()
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
    return this.#numberOf(protocol, laddr, (daddr >>> 0) * 0x10000 + dport)
  }
  /** Takes a port of the pool. Returns it, or NO_PORT. */
  take(pool: number): number {
    const from = this.#pools[pool]!
    const port = from.take()
    if (port !== NO_PORT) this.#use(from.laddr)
    return port
  }
  /** Takes this port of the pool: that of a connection which another director has opened. Returns whether nobody has it. */
  claim(pool: number, port: number): boolean {
    const from = this.#pools[pool]!
    const isFree = from.claim(port)
    if (isFree) this.#use(from.laddr)
    return isFree
  }
  /** Returns a port to the pool that it was taken from. */
  give(number: number, port: number): void {
    const pool = this.#pools[number]!
    pool.give(port)
    const left = this.usesOf(pool.laddr) - 1
    if (left > 0) this.#uses.set(pool.laddr, left)
    else {
      this.#uses.delete(pool.laddr)
      this.inUse.delete(pool.laddr)
    }
    if (pool.inUse === 0 && this.#pools.length - this.#free.length > MOST_POOLS) this.#forget(number, pool)
  }
  /** The number of pairs taken of a local address. */
  usesOf(laddr: Ipv4Addr): number {
    return this.#uses.get(laddr) ?? 0
  }
  /** The number of pairs taken, by local address. */
  get uses(): ReadonlyMap<Ipv4Addr, number> {
    return this.#uses
  }
  clear(): void {
    this.#pools.length = 0
    this.#free.length = 0
    this.#byServer.clear()
    this.#uses.clear()
    this.inUse.clear()
  }

  #use(laddr: Ipv4Addr): void {
    const uses = this.usesOf(laddr)
    this.#uses.set(laddr, uses + 1)
    if (uses === 0) this.inUse.add(laddr)
  }
  #numberOf(protocol: number, laddr: Ipv4Addr, server: number): number {
    const key = keyOf(protocol, laddr)
    let pools = this.#byServer.get(server)
    const known = pools?.get(key)
    if (known !== undefined) return known
    if (pools === undefined) {
      pools = new Map()
      this.#byServer.set(server, pools)
    }
    const number = this.#free.pop() ?? this.#pools.length
    this.#pools[number] = new Pool(protocol, laddr, server, this.#ports, this.#random())
    pools.set(key, number)
    return number
  }
  #forget(number: number, { protocol, laddr, server }: Pool): void {
    const pools = this.#byServer.get(server)!
    pools.delete(keyOf(protocol, laddr))
    if (pools.size === 0) this.#byServer.delete(server)
    this.#pools[number] = undefined
    this.#free.push(number)
  }
}

function keyOf(protocol: number, laddr: Ipv4Addr): number {
  return (laddr >>> 0) * 0x100 + protocol
}
