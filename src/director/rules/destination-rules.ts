import type { Routes } from '../../neigh/routes.js'
import type { Counters } from '../../service/counters.js'
import type { Destination, DestinationTable } from '../../service/destination.js'
import { ClientAddress, PLAIN_IPIP, type Method, type Tunnel } from '../../service/method.js'
import { RealServers } from '../../service/real-servers.js'
import { Trash } from '../../service/trash.js'
import { isLimitedBroadcast, isMulticast, type Ipv4Addr } from '../../wire/addr.js'
import type { Refusal } from './refusal.js'
import type { ScheduledService } from './scheduled-service.js'

/** What is given of a destination when it is added or edited. */
export interface DestinationSettings {
  method: Method
  /** Plain IPIP unless given. */
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
  /** Called whenever a destination has been deleted, by itself or with its service. */
  gone: () => void
}

/** The kernel's operations on the real servers of services, with the kernel's refusals (ipvs-behaviour.md §2.7). */
export class DestinationRules {
  readonly realServers = new RealServers()
  readonly #trash: Trash
  readonly #options: DestinationRulesOptions
  /** Of the destination that was put last at the front of a list. */
  #order = 0

  constructor(options: DestinationRulesOptions) {
    this.#options = options
    this.#trash = new Trash(options.destinations)
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
    // A service that was deleted and made again counts its destinations anew (ipvs-behaviour.md §2.7).
    if (revived && revived.serviceCounters !== service.counters) counters.zero(dest.counters)
    dest.serviceCounters = service.counters
    dest.method = settings.method
    dest.tunnel = settings.tunnel ?? PLAIN_IPIP
    dest.believesToa = service.settings.clientAddress === ClientAddress.TOA
    dest.configure(settings.weight, settings.upperThreshold, settings.lowerThreshold)
    dest.available = true
    dest.order = this.nextOrder()
    service.destinations.unshift(dest)
    this.realServers.add(dest)
    service.bound.added?.(dest)
    return undefined
  }
  edit(service: ScheduledService, dest: Destination, settings: DestinationSettings): Refusal | undefined {
    if (settings.lowerThreshold > settings.upperThreshold) return 'ERANGE'
    dest.method = settings.method
    dest.tunnel = settings.tunnel ?? PLAIN_IPIP
    dest.reconfigure(settings.weight, settings.upperThreshold, settings.lowerThreshold)
    service.bound.edited?.(dest)
    return undefined
  }
  delete(service: ScheduledService, dest: Destination, now: number): void {
    const index = service.destinations.indexOf(dest)
    service.destinations.splice(index, 1)
    this.toTrash(dest, now)
    service.bound.removed?.(dest, index)
  }
  /** Its service has been deleted, or it alone: it waits for its connections to end. */
  toTrash(dest: Destination, now: number): void {
    dest.available = false
    this.#options.counters.stop(dest.counters)
    this.#trash.put(dest, now)
    this.#options.gone()
    this.realServers.delete(dest)
  }

  /** Unicast or local: the kernel's test of a new real server's address. */
  mayBeRealServer(addr: Ipv4Addr): boolean {
    return addr !== 0 && !isMulticast(addr) && !isLimitedBroadcast(addr) && !this.#options.routes.isBroadcast(addr)
  }
  /** The place of the next one in the order of coming. */
  nextOrder(): number {
    return ++this.#order
  }

  poll(now: number): void {
    this.#trash.sweep(now)
  }
  /** Forgets all. The connections must be forgotten with it. */
  clear(): void {
    this.#trash.clear()
    this.#options.destinations.clear()
  }
}
