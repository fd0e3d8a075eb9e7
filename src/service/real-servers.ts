import type { Ipv4Addr } from '../wire/addr.js'
import type { Destination } from './destination.js'
import { Method, type Tunnel, type TunnelType } from './method.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { MASQ, TUNNEL } = Method

/** The destinations of all services by address. */
export class RealServers {
  readonly #byAddr = new Map<Ipv4Addr, Destination[]>()
  /** The `tunnelOrder` given last. */
  #order = 0

  add(dest: Destination): void {
    dest.tunnelOrder = ++this.#order
    const there = this.#byAddr.get(dest.addr)
    dest.sibling = there?.length ?? 0
    if (there) there.push(dest)
    else this.#byAddr.set(dest.addr, [dest])
  }
  /** `dest` must be in here. */
  delete(dest: Destination): void {
    const there = this.#byAddr.get(dest.addr)!
    const last = there.pop()!
    if (there.length === 0) this.#byAddr.delete(dest.addr)
    if (last === dest) return
    there[dest.sibling] = last
    last.sibling = dest.sibling
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
    for (const dest of this.#byAddr.get(addr) ?? []) {
      if (dest.method !== TUNNEL || dest.tunnelPort !== port) continue
      if (newest === undefined || newest.tunnelOrder < dest.tunnelOrder) newest = dest
    }
    return newest?.tunnelType === type
  }
  /** Whether addr:port is a real server of NAT, so that a packet from there must be its answer (sysctl nat_icmp_send, §6.2). */
  answersFrom(protocol: number, addr: Ipv4Addr, port: number): boolean {
    for (const dest of this.#byAddr.get(addr) ?? [])
      if (dest.port === port && dest.method === MASQ && dest.servesProtocol(protocol)) return true
    return false
  }
}
