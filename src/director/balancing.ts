/*
 * What is balanced over whom, and how that changes: the kernel's operations with the kernel's refusals
 * (ipvs-behaviour.md §2.3, §2.7, §14). Nothing here runs for a packet but `find`, `schedule` and `count`.
 */
import type { LocalAddresses } from '../neigh/local-addresses.js'
import type { BoundScheduler, Flow, Scheduler } from '../sched/scheduler.js'
import { Counters, TOTALS } from '../service/counters.js'
import { atOnce, forEachInSteps } from '../service/in-steps.js'
import { DestinationTable, type Destination } from '../service/destination.js'
import { PLAIN_IPIP, type Method, type Tunnel } from '../service/method.js'
import { RealServers } from '../service/real-servers.js'
import { Service, type ServiceSettings } from '../service/service.js'
import type { ServiceIdentity } from '../service/service-identity.js'
import { ServiceTable } from '../service/service-table.js'
import type { Sysctls } from '../service/sysctls.js'
import { Trash } from '../service/trash.js'
import { isLimitedBroadcast, isLoopback, isMulticast, isZeronet, type Ipv4Addr } from '../wire/addr.js'

export type Refusal = 'EEXIST' | 'ENOENT' | 'ESRCH' | 'EINVAL' | 'ERANGE'

const TICK_MS = 60_000
/** In place of a counter row: the service has been deleted. */
const NO_SERVICE = -1

/** A service and the scheduler that serves it. */
export class ScheduledService extends Service {
  scheduler: Scheduler
  bound: BoundScheduler
  /** When the scheduler is to have its minute. */
  nextTick: number

  constructor(
    identity: ServiceIdentity,
    settings: ServiceSettings,
    counters: number,
    sysctls: Sysctls,
    bind: { scheduler: Scheduler; random: () => number; now: number },
  ) {
    super(identity, settings, counters, sysctls)
    this.scheduler = bind.scheduler
    this.bound = bind.scheduler.bind(this, bind.random)
    this.nextTick = bind.now + TICK_MS
  }
}

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

export interface BalancingOptions {
  schedulers: ReadonlyMap<string, Scheduler>
  local: LocalAddresses
  sysctls: Sysctls
  random: () => number
  now: number
  /** Told of what a scheduler of the user's does wrong. */
  report: (problem: string) => void
  /** Connections that come from a local address. */
  usesOf: (laddr: Ipv4Addr) => number
  /** Told whenever a destination has been deleted, by itself or with its service. */
  gone: () => void
}

export class Balancing {
  readonly counters = new Counters()
  readonly destinations = new DestinationTable(this.counters)
  readonly #services = new ServiceTable<ScheduledService>()
  readonly #trash = new Trash(this.destinations)
  /** When the first of the services' schedulers is to have its minute. */
  #nextTick = Infinity
  readonly realServers = new RealServers()
  /** Local addresses that are given up: held until no connection comes from them. */
  #leaving: Ipv4Addr[] = []
  readonly #options: BalancingOptions
  #now: number

  constructor(options: BalancingOptions) {
    this.#options = options
    this.#now = options.now
  }

  /** Services there are. With none, IPVS is off: even open connections are not looked at (ipvs-behaviour.md §6.1). */
  get count(): number {
    return this.#services.count
  }
  find(identity: ServiceIdentity): ScheduledService | undefined {
    return this.#services.find(identity)
  }
  /** The service for a packet. */
  lookup(mark: number, protocol: number, addr: number, port: number): ScheduledService | undefined {
    return this.#services.lookup(mark, protocol, addr, port)
  }
  inKernelOrder(): ScheduledService[] {
    return this.#services.inKernelOrder()
  }
  /** Once a turn of the loop. */
  poll(now: number): void {
    this.#now = now
    this.#trash.sweep(now)
    if (this.#leaving.length > 0) this.#letGo()
    if (now < this.#nextTick) return
    this.#nextTick = Infinity
    for (const service of this.#services) {
      if (now >= service.nextTick) this.#tick(service)
      if (service.nextTick < this.#nextTick) this.#nextTick = service.nextTick
    }
  }

  addService(identity: ServiceIdentity, settings: ServiceSettings, schedulerName: string): Refusal | undefined {
    if (this.find(identity)) return 'EEXIST'
    const { schedulers, sysctls, random, local } = this.#options
    const scheduler = schedulers.get(schedulerName)
    if (!scheduler) return 'ENOENT'
    const bind = { scheduler, random, now: this.#now }
    const service = new ScheduledService(identity, settings, this.counters.allocate(), sysctls, bind)
    this.#services.add(service)
    this.#nextTick = Math.min(this.#nextTick, service.nextTick)
    if (identity.mark === 0) local.hold(identity.addr)
    return undefined
  }
  /** Another scheduler begins anew; the same one goes on. */
  editService(service: ScheduledService, settings: ServiceSettings, schedulerName: string): Refusal | undefined {
    const scheduler = this.#options.schedulers.get(schedulerName)
    if (!scheduler) return 'ENOENT'
    if (scheduler !== service.scheduler) {
      const refusal = this.#rebind(service, scheduler, settings)
      if (refusal) return refusal
    }
    service.settings = settings
    return undefined
  }
  deleteService(service: ScheduledService): void {
    atOnce(this.deletingService(service))
  }
  /** The same in steps. No packet finds the service from the first on; its counters are given up with the last. */
  *deletingService(service: ScheduledService): Generator<void, void> {
    service.bound.unbound?.()
    this.#services.remove(service)
    if (service.mark === 0) this.#options.local.letGo(service.addr)
    this.#giveUp(...service.localAddresses)
    yield* forEachInSteps(service.destinations, dest => {
      this.#toTrash(dest)
      dest.serviceCounters = NO_SERVICE
    })
    this.counters.release(service.counters)
  }
  flush(): void {
    atOnce(this.flushing())
  }
  *flushing(): Generator<void, void> {
    for (const service of this.inKernelOrder()) {
      yield* this.deletingService(service)
      yield
    }
  }

  addDestination(
    service: ScheduledService,
    addr: Ipv4Addr,
    port: number,
    settings: DestinationSettings,
  ): Refusal | undefined {
    if (settings.lowerThreshold > settings.upperThreshold) return 'ERANGE'
    if (service.destination(addr, port)) return 'EEXIST'
    if (service.localAddresses.includes(addr)) return 'EINVAL'
    const revived = this.#trash.revive(service, addr, port)
    if (!revived && !this.#mayBeRealServer(addr)) return 'EINVAL'
    const dest = revived ?? this.destinations.create(service, addr, port)
    // A service that was deleted and made again counts its destinations anew (ipvs-behaviour.md §2.7).
    if (revived && revived.serviceCounters !== service.counters) this.counters.zero(dest.counters)
    dest.serviceCounters = service.counters
    dest.method = settings.method
    dest.tunnel = settings.tunnel ?? PLAIN_IPIP
    dest.configure(settings.weight, settings.upperThreshold, settings.lowerThreshold)
    dest.available = true
    service.destinations.unshift(dest)
    this.realServers.add(dest)
    service.bound.added?.(dest)
    return undefined
  }
  editDestination(service: ScheduledService, dest: Destination, settings: DestinationSettings): Refusal | undefined {
    if (settings.lowerThreshold > settings.upperThreshold) return 'ERANGE'
    dest.method = settings.method
    dest.tunnel = settings.tunnel ?? PLAIN_IPIP
    dest.reconfigure(settings.weight, settings.upperThreshold, settings.lowerThreshold)
    service.bound.edited?.(dest)
    return undefined
  }
  deleteDestination(service: ScheduledService, dest: Destination): void {
    const index = service.destinations.indexOf(dest)
    service.destinations.splice(index, 1)
    this.#toTrash(dest)
    service.bound.removed?.(dest, index)
  }
  /** From now on FULLNAT connections of the service may come from this address, which becomes one of ours. */
  addLocalAddress(service: ScheduledService, addr: Ipv4Addr): Refusal | undefined {
    if (service.localAddresses.includes(addr)) return 'EEXIST'
    if (!this.#mayBeLocalAddress(service, addr)) return 'EINVAL'
    service.localAddresses.push(addr)
    this.#options.local.hold(addr)
    return undefined
  }
  /** No new connection will come from it; it stays ours until the open ones have ended. */
  deleteLocalAddress(service: ScheduledService, addr: Ipv4Addr): Refusal | undefined {
    const at = service.localAddresses.indexOf(addr)
    if (at < 0) return 'ENOENT'
    service.localAddresses.splice(at, 1)
    this.#giveUp(addr)
    return undefined
  }

  /** From the last snapshot on, of one service and its destinations, or of everything and the totals. */
  zero(service: ScheduledService | undefined): void {
    atOnce(this.zeroing(service))
  }
  *zeroing(service: ScheduledService | undefined): Generator<void, void> {
    if (!service) this.counters.zero(TOTALS)
    for (const each of service ? [service] : this.inKernelOrder()) {
      this.counters.zero(each.counters)
      yield* forEachInSteps(each.destinations, dest => this.counters.zero(dest.counters))
      yield
    }
  }
  /** As freshly started. The connections must be forgotten with it. */
  reset(): void {
    this.flush()
    this.#trash.clear()
    this.destinations.clear()
    this.counters.clear()
  }

  /** A server for a new connection, or nothing. What a user's scheduler does wrong costs this connection only. */
  schedule(service: ScheduledService, flow: Flow): Destination | undefined {
    return service.bound.schedule(flow, this.#now)
  }

  #giveUp(...addresses: Ipv4Addr[]): void {
    this.#leaving.push(...addresses)
    this.#letGo()
  }
  #letGo(): void {
    const { local, usesOf } = this.#options
    this.#leaving = this.#leaving.filter(addr => {
      if (usesOf(addr) > 0) return true
      local.letGo(addr)
      return false
    })
  }
  #rebind(service: ScheduledService, scheduler: Scheduler, settings: ServiceSettings): Refusal | undefined {
    const before = service.settings
    service.settings = settings
    try {
      const bound = scheduler.bind(service, this.#options.random)
      service.bound.unbound?.()
      service.bound = bound
    } catch (error) {
      service.settings = before
      this.#options.report(`scheduler ${scheduler.name}: ${(error as Error).message}`)
      return 'EINVAL'
    }
    service.scheduler = scheduler
    service.nextTick = this.#now + TICK_MS
    return undefined
  }
  #tick(service: ScheduledService): void {
    service.bound.tick?.(this.#now)
    service.nextTick += TICK_MS
  }
  #toTrash(dest: Destination): void {
    dest.available = false
    this.#trash.put(dest, this.#now)
    this.#options.gone()
    this.realServers.delete(dest)
  }
  /** Unicast on a wire, and nobody's already: neither a service's nor one of this service's real servers'. */
  #mayBeLocalAddress(service: ScheduledService, addr: Ipv4Addr): boolean {
    if (isZeronet(addr) || isLoopback(addr) || isMulticast(addr) || isLimitedBroadcast(addr)) return false
    for (const other of this.#services) if (other.mark === 0 && other.addr === addr) return false
    return service.destinations.every(dest => dest.addr !== addr)
  }
  /** Unicast, or our own: the kernel's test of a new real server's address. */
  #mayBeRealServer(addr: Ipv4Addr): boolean {
    return this.#options.local.has(addr) || !(isZeronet(addr) || isMulticast(addr) || isLimitedBroadcast(addr))
  }
}
