import type { Ipv4Addr } from '../wire/addr.js'
import type { Destination } from './destination.js'
import { Method, type TunnelType } from './method.js'

/** The destinations of all services by address. */
export class RealServers {
  readonly #byAddr = new Map<Ipv4Addr, Destination[]>()

  add(dest: Destination): void {
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

  /** Whether a tunnel of this type and port leads to `addr` (ipvs-behaviour.md §6.7). */
  hasTunnel(addr: Ipv4Addr, type: TunnelType, port: number): boolean {
    for (const dest of this.#byAddr.get(addr) ?? [])
      if (dest.method === Method.TUNNEL && dest.tunnelType === type && dest.tunnelPort === port) return true
    return false
  }
  /** Whether addr:port is a real server of NAT, so that a packet from there must be its answer (sysctl nat_icmp_send, §6.2). */
  answersFrom(protocol: number, addr: Ipv4Addr, port: number): boolean {
    for (const dest of this.#byAddr.get(addr) ?? [])
      if (dest.port === port && dest.method === Method.MASQ && dest.servesProtocol(protocol)) return true
    return false
  }
}
