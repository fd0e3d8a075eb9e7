import { FIRST_LOCAL_PORT } from '../packet/local-port.js'
import { AddressSet } from '../wire/address-set.js'

export const LOCAL_PORTS = 65_536 - FIRST_LOCAL_PORT

/** Of `of` directors that share local addresses, the one with this `index` hands out the ports whose remainder by `of` it is. */
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

/** No port was free. */
export const NO_PORT = 0

/** Pools that nobody uses are remembered up to this many: they know which port is next. */
const MOST_POOLS = 4096
const FIRST_RING = 64
const FULL_RING = 65_536

/**
 * The ports of one local address towards one real server's port. Those never used are taken first, from a random one on,
 * then those given back, in that order: a port comes again as late as it can. Nothing is kept of unused ports.
 */
class Pool {
  readonly protocol: number
  readonly laddr: number
  readonly server: number
  readonly #ports: Ports
  /** Where this pool's unused ports begin, from 0, and how many have been taken. */
  #start: number
  #taken = 0
  /** Ports given back, a ring; its length is a power of two. */
  #ring: Uint16Array | undefined
  #head = 0
  #returned = 0

  constructor(protocol: number, laddr: number, server: number, ports: Ports, start: number) {
    this.protocol = protocol
    this.laddr = laddr
    this.server = server
    this.#ports = ports
    this.#start = start % ports.count
  }

  get inUse(): number {
    return this.#taken - this.#returned
  }

  take(): number {
    const { first, step, count } = this.#ports
    if (this.#taken < count) return first + step * ((this.#start + this.#taken++) % count)
    if (this.#returned === 0) return NO_PORT
    const ring = this.#ring!
    const port = ring[this.#head]!
    this.#head = (this.#head + 1) & (ring.length - 1)
    this.#returned--
    return port
  }

  give(port: number): void {
    const ring = this.#roomy()
    ring[(this.#head + this.#returned++) & (ring.length - 1)] = port
    if (this.#returned === this.#taken) this.#beginAnew()
  }

  /** All are back. The ring is let go; the ports that have rested longest still come first, or nearly so. */
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
 * The pairs of local address and port that FULLNAT connections come from. A pair is taken once for each real server's
 * port and protocol, whichever services share it; taking and giving back look at no other pair.
 */
export class LocalPorts {
  readonly #random: () => number
  readonly #ports: Ports
  /** By number; a connection names its pool so. */
  readonly #pools: (Pool | undefined)[] = []
  readonly #free: number[] = []
  /** Number of a pool: by the real server's address and port, then by local address and protocol. */
  readonly #byServer = new Map<number, Map<number, number>>()
  /** Pairs taken of each local address. */
  readonly #uses = new Map<number, number>()
  /** The local addresses of which there are any: asked for every packet. */
  readonly inUse = new AddressSet()

  /** `random` gives unsigned 32-bit numbers: one is drawn for each pool, so that a director begun anew goes on elsewhere. */
  constructor(random: () => number, share: PortShare = { index: 0, of: 1 }) {
    this.#random = random
    this.#ports = portsOf(share)
  }

  /** The number of the pool whose ports connections from `laddr` to daddr:dport have. To be taken from at once. */
  poolOf(protocol: number, laddr: number, daddr: number, dport: number): number {
    return this.#numberOf(protocol, laddr, (daddr >>> 0) * 0x10000 + dport)
  }
  /** A port of the pool, or NO_PORT. */
  take(pool: number): number {
    const from = this.#pools[pool]!
    const port = from.take()
    if (port === NO_PORT) return NO_PORT
    const uses = this.usesOf(from.laddr)
    this.#uses.set(from.laddr, uses + 1)
    if (uses === 0) this.inUse.add(from.laddr)
    return port
  }
  /** Gives a port back to the pool that it was taken from. */
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
  /** Pairs of a local address that are taken. */
  usesOf(laddr: number): number {
    return this.#uses.get(laddr) ?? 0
  }
  /** Pairs that are taken, by local address. */
  get uses(): ReadonlyMap<number, number> {
    return this.#uses
  }
  clear(): void {
    this.#pools.length = 0
    this.#free.length = 0
    this.#byServer.clear()
    this.#uses.clear()
    this.inUse.clear()
  }

  #numberOf(protocol: number, laddr: number, server: number): number {
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

function keyOf(protocol: number, laddr: number): number {
  return (laddr >>> 0) * 0x100 + protocol
}
