/*
 * What is balanced over whom, and how that changes: the kernel's operations with the kernel's refusals
 * (ipvs-behaviour.md §2.3, §2.7, §14). Nothing here runs for a packet but `find`, `schedule` and `count`.
 */
import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Routes } from '../../neigh/routes.js'
import type { BoundScheduler, Flow, Scheduler } from '../../sched/scheduler.js'
import { Counters, TOTALS } from '../../service/counters.js'
import { atOnce, forEachInSteps } from '../../service/in-steps.js'
import { DestinationTable, type Destination } from '../../service/destination.js'
import { ClientAddress, PLAIN_IPIP, type Method, type Tunnel } from '../../service/method.js'
import { RealServers } from '../../service/real-servers.js'
import { KernelOrder } from '../../service/kernel-order.js'
import { isEngine, Service, type ServiceSettings } from '../../service/service.js'
import type { ServiceIdentity } from '../../service/service-identity.js'
import type { SharedCounts } from '../../service/shared-counts.js'
import { ServiceTable } from '../../service/service-table.js'
import type { Sysctls } from '../../service/sysctls.js'
import { Trash } from '../../service/trash.js'
import type { NotYetService } from '../../service/not-yet.js'
import { formatIpv4, isHostAddress, isLimitedBroadcast, isMulticast, type Ipv4Addr } from '../../wire/addr.js'
import { serviceName } from './service-name.js'
import { NotYet, type Home } from './not-yet.js'

export type Refusal = 'EEXIST' | 'ENOENT' | 'ENOMEM' | 'ESRCH' | 'EINVAL' | 'ERANGE'

const TICK_MS = 60_000
/** Schedulers that are given their minute, and leaving addresses that are looked at, in one turn of the loop. */
const PER_TURN = 32
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

/** What is listed: what is served, and what is only kept. */
export type ListedService = ScheduledService | NotYetService

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
  ownAddresses: OwnAddresses
  routes: Pick<Routes, 'isBroadcast'>
  sysctls: Sysctls
  random: () => number
  now: number
  /** Told of what a scheduler of the user's does wrong. */
  report: (problem: string) => void
  /** Told of what is kept and not served. */
  notServed: (what: string) => void
  /** Connections that come from a local address. */
  usesOf: (laddr: Ipv4Addr) => number
  /** Told whenever a destination has been deleted, by itself or with its service. */
  gone: () => void
  /** What several directors count together. */
  counts?: SharedCounts | undefined
}

export class Balancing {
  readonly counters = new Counters()
  readonly destinations: DestinationTable
  readonly #services = new ServiceTable<ScheduledService>()
  readonly #listed = new KernelOrder<ListedService>()
  readonly #trash: Trash
  /** Those whose schedulers want their minute, the next first; and when that is. */
  readonly #ticking = new Set<ScheduledService>()
  #nextTick = Infinity
  /** Of the destination that was put last at the front of a list. */
  #order = 0
  readonly realServers = new RealServers()
  /** What is listed with the others and met by no packet. */
  readonly notYet: NotYet
  /** Local addresses that are given up: held until no connection comes from them. And which is looked at next. */
  readonly #leaving: Ipv4Addr[] = []
  #nextLeaving = 0
  readonly #options: BalancingOptions
  #now: number

  constructor(options: BalancingOptions) {
    this.#options = options
    this.#now = options.now
    const { schedulers, notServed, counts } = options
    this.destinations = new DestinationTable(this.counters, counts)
    this.#trash = new Trash(this.destinations)
    const mayBeRealServer = (addr: Ipv4Addr): boolean => this.#mayBeRealServer(addr)
    this.notYet = new NotYet({
      schedulers,
      notServed,
      mayBeRealServer,
      listed: this.#listed,
      nextOrder: () => ++this.#order,
    })
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
    return this.#listed.listed().filter(service => service instanceof ScheduledService)
  }
  /** For going through them in that order while services come and go. */
  get places(): Pick<KernelOrder<ListedService>, 'placeOf' | 'at' | 'after'> {
    return this.#listed
  }
  /** Once a turn of the loop. */
  poll(now: number): void {
    this.#now = now
    this.#trash.sweep(now)
    if (this.#leaving.length > 0) this.#letGo()
    if (now >= this.#nextTick) this.#tick(now)
  }

  addService(identity: ServiceIdentity, settings: ServiceSettings, schedulerName: string): Refusal | undefined {
    if (this.find(identity)) return 'EEXIST'
    const { schedulers, sysctls, random, ownAddresses } = this.#options
    const scheduler = schedulers.get(schedulerName)
    if (!scheduler || !isEngine(settings.engine)) return 'ENOENT'
    const row = this.counters.allocate()
    let service: ScheduledService
    try {
      service = new ScheduledService(identity, settings, row, sysctls, { scheduler, random, now: this.#now })
    } catch (error) {
      this.counters.release(row)
      return this.#cannotBind(scheduler, identity, error)
    }
    this.#services.add(service)
    this.#listed.add(service)
    this.#expectTick(service)
    if (identity.mark === 0) ownAddresses.hold(identity.addr)
    this.#tellEngine(service, undefined)
    return undefined
  }
  /** Another scheduler begins anew; the same one goes on. */
  editService(service: ScheduledService, settings: ServiceSettings, schedulerName: string): Refusal | undefined {
    const scheduler = this.#options.schedulers.get(schedulerName)
    if (!scheduler || !isEngine(settings.engine)) return 'ENOENT'
    const engineBefore = service.settings.engine
    if (scheduler !== service.scheduler) {
      const refusal = this.#rebind(service, scheduler, settings)
      if (refusal) return refusal
    }
    service.settings = settings
    for (const dest of service.destinations) dest.believesToa = settings.clientAddress === ClientAddress.TOA
    this.#tellEngine(service, engineBefore)
    return undefined
  }
  deleteService(service: ScheduledService): void {
    atOnce(this.deletingService(service))
  }
  /** The same in steps. No packet finds the service from the first on; its counters are given up with the last. */
  *deletingService(service: ScheduledService): Generator<void, void> {
    service.bound.unbound?.()
    this.#ticking.delete(service)
    this.#services.remove(service)
    this.#listed.remove(service)
    if (service.mark === 0) this.#options.ownAddresses.letGo(service.addr)
    for (const addr of service.localAddresses) this.#giveUp(addr)
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
    this.notYet.clear()
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
    if (!revived && !this.destinations.hasRoomFor(service, addr, port)) return 'ENOMEM'
    const dest = revived ?? this.destinations.create(service.identity, addr, port)
    if (revived) this.counters.start(dest.counters)
    // A service that was deleted and made again counts its destinations anew (ipvs-behaviour.md §2.7).
    if (revived && revived.serviceCounters !== service.counters) this.counters.zero(dest.counters)
    dest.serviceCounters = service.counters
    dest.method = settings.method
    dest.tunnel = settings.tunnel ?? PLAIN_IPIP
    dest.believesToa = service.settings.clientAddress === ClientAddress.TOA
    dest.configure(settings.weight, settings.upperThreshold, settings.lowerThreshold)
    dest.available = true
    dest.order = ++this.#order
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
    this.#options.ownAddresses.hold(addr)
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

  /** From the last tick on, of one service and its destinations, or of everything and the totals. */
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

  #tellEngine(service: ScheduledService, before: string | undefined): void {
    const { engine } = service.settings
    if (engine !== undefined && engine !== before)
      this.#options.notServed(`${homeOf(service).name}: --pe ${engine}; clients stay by their address`)
  }
  #giveUp(addr: Ipv4Addr): void {
    const { ownAddresses, usesOf } = this.#options
    if (usesOf(addr) > 0) this.#leaving.push(addr)
    else ownAddresses.letGo(addr)
  }
  #letGo(): void {
    const { ownAddresses, usesOf } = this.#options
    const leaving = this.#leaving
    for (let left = Math.min(PER_TURN, leaving.length); left > 0; left--) {
      if (this.#nextLeaving >= leaving.length) this.#nextLeaving = 0
      const addr = leaving[this.#nextLeaving]!
      if (usesOf(addr) > 0) this.#nextLeaving++
      else {
        ownAddresses.letGo(addr)
        leaving[this.#nextLeaving] = leaving.at(-1)!
        leaving.pop()
      }
    }
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
      return this.#cannotBind(scheduler, service, error)
    }
    service.scheduler = scheduler
    service.nextTick = this.#now + TICK_MS
    this.#expectTick(service)
    return undefined
  }
  #cannotBind(scheduler: Scheduler, service: ServiceIdentity, error: unknown): Refusal {
    const why = error instanceof Error ? error.message : String(error)
    this.#options.report(`scheduler ${scheduler.name} of ${nameOf(service)}: ${why}`)
    return 'EINVAL'
  }
  /** Puts it behind all the others: nobody's minute is later. */
  #expectTick(service: ScheduledService): void {
    this.#ticking.delete(service)
    if (service.bound.tick) this.#ticking.add(service)
    this.#nextTick = Math.min(this.#nextTick, service.nextTick)
  }
  #tick(now: number): void {
    this.#nextTick = Infinity
    let left = PER_TURN
    for (const service of this.#ticking) {
      if (now < service.nextTick || left-- === 0) {
        this.#nextTick = service.nextTick
        return
      }
      service.bound.tick?.(now)
      service.nextTick += TICK_MS
      this.#expectTick(service)
    }
  }
  #toTrash(dest: Destination): void {
    dest.available = false
    this.counters.stop(dest.counters)
    this.#trash.put(dest, this.#now)
    this.#options.gone()
    this.realServers.delete(dest)
  }
  /** Unicast on a wire, and nobody's already: neither a service's nor one of this service's real servers'. */
  #mayBeLocalAddress(service: ScheduledService, addr: Ipv4Addr): boolean {
    if (!isHostAddress(addr) || this.#options.routes.isBroadcast(addr)) return false
    if (this.#services.hasAddress(addr)) return false
    return service.destinations.every(dest => dest.addr !== addr)
  }
  /** Unicast or local: the kernel's test of a new real server's address. */
  #mayBeRealServer(addr: Ipv4Addr): boolean {
    const { routes } = this.#options
    return addr !== 0 && !isMulticast(addr) && !isLimitedBroadcast(addr) && !routes.isBroadcast(addr)
  }
}

/** Where real servers of the service belong that are not served. */
export function homeOf(service: ScheduledService): Home {
  return { family: 4, servers: service.notYet, name: nameOf(service) }
}

/** As a listing names it. */
export function nameOf({ mark, protocol, addr, port }: ServiceIdentity): string {
  return serviceName(mark, protocol, formatIpv4(addr), port)
}
