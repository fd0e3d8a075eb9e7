import type { Routes } from '../../neigh/routes.js'
import type { Changes } from '../../packet/changes.js'
import type { Counters } from '../../service/counters.js'
import type { Destination, DestinationTable } from '../../service/destination.js'
import { ClientAddress, Method, PLAIN_IPIP, type Tunnel } from '../../service/method.js'
import { RealServers } from '../../service/real-servers.js'
import { Trash } from '../../service/trash.js'
import { isLimitedBroadcast, isMulticast, type Ipv4Addr } from '../../wire/addr.js'
import type { FrontKeeper } from './front-keeper.js'
import type { Refusal } from './refusal.js'
import type { ScheduledService } from './scheduled-service.js'

/** The settings of a destination in an add or edit. */
export interface DestinationSettings {
  method: Method
  /** Default: plain IPIP. */
  tunnel?: Tunnel
  weight: number
  /** 0: none. */
  upperThreshold: number
  lowerThreshold: number
}

export interface DestinationRulesOptions {
  counters: Counters
  destinations: DestinationTable
  routes: Pick<Routes, 'isBroadcast'>
  /** Called whenever a destination was deleted, alone or with its service. */
  gone: () => void
  front: FrontKeeper | undefined
  /** Is told when a tunnel of open connections may be another, or others believe TOA now, or no longer do. */
  changes?: Changes
}

/** The operations on real servers, with the kernel's refusals (ipvs-behaviour.md §2.7). */
export class DestinationRules {
  readonly realServers = new RealServers()
  readonly #trash: Trash
  readonly #options: DestinationRulesOptions
  /** The `order` of the destination added last. */
  #order = 0

  constructor(options: DestinationRulesOptions) {
    this.#options = options
    this.#trash = new Trash(options.destinations, dest => options.front?.forgetDestination(dest))
  }

  add(service: ScheduledService, addr: Ipv4Addr, port: number, settings: DestinationSettings): Refusal | undefined {
    const { counters, destinations } = this.#options
    if (settings.lowerThreshold > settings.upperThreshold) return 'ERANGE'
    if (service.destination(addr, port)) return 'EEXIST'
    if (service.localAddresses.includes(addr)) return 'EINVAL'
    const revived = this.#trash.revive(service, addr, port)
    if (!revived && !this.mayBeRealServer(addr)) return 'EINVAL'
    if (!revived && !destinations.hasRoomFor(service, addr, port)) return 'ENOMEM'
    const dest = revived ?? destinations.create(service.identity, addr, port)
    if (revived) counters.start(dest.counters)
    // If the service itself was deleted and added again, its destinations count from 0 (ipvs-behaviour.md §2.7).
    if (revived && revived.serviceCounters !== service.counters) counters.zero(dest.counters)
    dest.serviceCounters = service.counters
    dest.method = settings.method
    dest.tunnel = settings.tunnel ?? PLAIN_IPIP
    dest.configure(settings.weight, settings.upperThreshold, settings.lowerThreshold)
    dest.available = true
    dest.order = this.nextOrder()
    service.destinations.unshift(dest)
    const isToldToa = service.settings.clientAddress === ClientAddress.TOA
    if (this.realServers.add(dest, isToldToa)) this.#options.changes?.note()
    this.#options.front?.addDestination(dest)
    service.bound.added?.(dest)
    return undefined
  }
  edit(service: ScheduledService, dest: Destination, settings: DestinationSettings): Refusal | undefined {
    if (settings.lowerThreshold > settings.upperThreshold) return 'ERANGE'
    const hasTunnel = dest.method === Method.TUNNEL || settings.method === Method.TUNNEL
    this.realServers.edit(dest, settings.method, settings.tunnel ?? PLAIN_IPIP)
    dest.reconfigure(settings.weight, settings.upperThreshold, settings.lowerThreshold)
    this.#options.front?.addDestination(dest)
    service.bound.edited?.(dest)
    // Its open connections' packets take another tunnel now, and find out anew how large they may be.
    if (hasTunnel) this.#options.changes?.note()
    return undefined
  }
  delete(service: ScheduledService, dest: Destination, nowMs: number): void {
    const index = service.destinations.indexOf(dest)
    service.destinations.splice(index, 1)
    this.toTrash(dest, nowMs)
    service.bound.removed?.(dest, index)
  }
  /** Puts a deleted destination into the trash until its connections have ended. */
  toTrash(dest: Destination, nowMs: number): void {
    dest.available = false
    if (dest.referenced) this.#options.front?.leave(dest)
    this.#options.counters.stop(dest.counters)
    this.#trash.put(dest, nowMs)
    this.#options.gone()
    if (this.realServers.delete(dest)) this.#options.changes?.note()
  }

  /** The kernel's test of a new real server's address: unicast, or one of the host's own. */
  mayBeRealServer(addr: Ipv4Addr): boolean {
    return addr !== 0 && !isMulticast(addr) && !isLimitedBroadcast(addr) && !this.#options.routes.isBroadcast(addr)
  }
  /** The `order` of the next real server. */
  nextOrder(): number {
    return ++this.#order
  }

  poll(nowMs: number): void {
    this.#trash.sweep(nowMs)
  }
  /** Frees all. The caller must clear the connections too. */
  clear(): void {
    this.#trash.clear()
    this.#options.destinations.clear()
    this.#options.front?.forgetDestinations()
  }
}
