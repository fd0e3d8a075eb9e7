import type { Destination } from './destination.js'
import { Method, type TunnelType } from './method.js'

/** The destinations of all services, by address and port: which real servers there are, whoever's they are. */
export class RealServers {
  readonly #ports = new Map<number, Map<number, Set<Destination>>>()

  add(dest: Destination): void {
    const ports = this.#ports.get(dest.addr) ?? new Map<number, Set<Destination>>()
    const there = ports.get(dest.port) ?? new Set()
    this.#ports.set(dest.addr, ports.set(dest.port, there.add(dest)))
  }
  /** It must be there. */
  delete(dest: Destination): void {
    const ports = this.#ports.get(dest.addr)!
    const there = ports.get(dest.port)!
    there.delete(dest)
    if (there.size === 0) ports.delete(dest.port)
    if (ports.size === 0) this.#ports.delete(dest.addr)
  }

  /** Whether a tunnel of this type and port leads to `addr` (ipvs-behaviour.md §6.7). */
  hasTunnel(addr: number, type: TunnelType, port: number): boolean {
    for (const there of this.#ports.get(addr)?.values() ?? [])
      for (const dest of there)
        if (dest.method === Method.TUNNEL && dest.tunnelType === type && dest.tunnelPort === port) return true
    return false
  }
  /** Whether a packet addr:port of the protocol can only be a real server's answer by NAT (sysctl nat_icmp_send, §6.2). */
  answersFrom(protocol: number, addr: number, port: number): boolean {
    for (const dest of this.#ports.get(addr)?.get(port) ?? [])
      if (dest.method === Method.MASQ && dest.servesProtocol(protocol)) return true
    return false
  }
}
