import type { Ipv4Addr } from '../wire/addr.js'
import type { Destination } from './destination.js'
import { Method, type Tunnel, type TunnelType } from './method.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { MASQ, TUNNEL } = Method

/** The destinations of one address. */
interface Siblings {
  readonly all: Destination[]
  /** How many of them are told clients' addresses by TOA: a host that believes it does so whichever service a packet is of. */
  told: number
}

/** The destinations of all services by address. */
export class RealServers {
  readonly #byAddr = new Map<Ipv4Addr, Siblings>()
  /** The `tunnelOrder` given last. */
  #order = 0

  /** Returns whether others now believe TOA, or no longer do. */
  add(dest: Destination, isToldToa: boolean): boolean {
    dest.tunnelOrder = ++this.#order
    const there = this.#byAddr.get(dest.addr) ?? { all: [], told: 0 }
    if (there.all.length === 0) this.#byAddr.set(dest.addr, there)
    dest.sibling = there.all.length
    there.all.push(dest)
    dest.isToldToa = false
    dest.believesToa = there.told > 0
    return this.tell(dest, isToldToa)
  }
  /** `dest` must be in here. Returns as `add`. */
  delete(dest: Destination): boolean {
    const there = this.#byAddr.get(dest.addr)!
    const last = there.all.pop()!
    if (last !== dest) {
      there.all[dest.sibling] = last
      last.sibling = dest.sibling
    }
    if (there.all.length === 0) this.#byAddr.delete(dest.addr)
    return dest.isToldToa && countTold(there, -1) && there.all.length > 0
  }
  /** Its service inserts TOA, or no longer does. `dest` must be in here. Returns as `add`. */
  tell(dest: Destination, isToldToa: boolean): boolean {
    if (dest.isToldToa === isToldToa) return false
    dest.isToldToa = isToldToa
    const there = this.#byAddr.get(dest.addr)!
    return countTold(there, isToldToa ? 1 : -1) && there.all.length > 1
  }

  /** Applies the method and tunnel of an edit. One that has a new method, type or port counts as newly added. */
  edit(dest: Destination, method: Method, tunnel: Tunnel): void {
    const isSame = dest.method === method && dest.tunnelType === tunnel.type && dest.tunnelPort === tunnel.port
    if (!isSame) dest.tunnelOrder = ++this.#order
    dest.method = method
    dest.tunnel = tunnel
  }

  /**
   * Whether the tunnel to `addr` with this port is of this type. Of several the newest decides alone, as in the kernel
   * (ipvs-behaviour.md §6.7).
   */
  hasTunnel(addr: Ipv4Addr, type: TunnelType, port: number): boolean {
    let newest: Destination | undefined
    for (const dest of this.#byAddr.get(addr)?.all ?? []) {
      if (dest.method !== TUNNEL || dest.tunnelPort !== port) continue
      if (newest === undefined || newest.tunnelOrder < dest.tunnelOrder) newest = dest
    }
    return newest?.tunnelType === type
  }
  /** Whether addr:port is a real server of NAT, so that a packet from there must be its answer (sysctl nat_icmp_send, §6.2). */
  answersFrom(protocol: number, addr: Ipv4Addr, port: number): boolean {
    for (const dest of this.#byAddr.get(addr)?.all ?? [])
      if (dest.port === port && dest.method === MASQ && dest.servesProtocol(protocol)) return true
    return false
  }
}

/** One more or less of them is told by TOA. Returns whether it was the first or the last: then all believe it, or none. */
function countTold(there: Siblings, by: 1 | -1): boolean {
  const before = there.told > 0
  there.told += by
  const believe = there.told > 0
  if (before === believe) return false
  for (const each of there.all) each.believesToa = believe
  return true
}
