/*
 * The virtual services and their real servers, and the operations that change them, with the kernel's refusals
 * (ipvs-behaviour.md §2.3, §2.7, §14). Packets only use `lookup`, `schedule` and `count`.
 */
import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Routes } from '../../neigh/routes.js'
import type { Changes } from '../../packet/changes.js'
import { AddressKind } from '../../packet/front.js'
import type { Flow, Scheduler } from '../../sched/scheduler.js'
import { TOTALS, type Counters } from '../../service/counters.js'
import type { Destination, DestinationTable } from '../../service/destination.js'
import { atOnce, forEachInSteps } from '../../service/in-steps.js'
import { KernelOrder } from '../../service/kernel-order.js'
import { ClientAddress } from '../../service/method.js'
import type { RealServers } from '../../service/real-servers.js'
import type { ServiceIdentity } from '../../service/service-identity.js'
import { isEngine, type ServiceSettings } from '../../service/service-settings.js'
import { ServiceTable } from '../../service/service-table.js'
import type { Sysctls } from '../../service/sysctls.js'
import { isHostAddress, type Ipv4Addr } from '../../wire/addr.js'
import { MinuteTicks } from '../upkeep/minute-ticks.js'
import { DestinationRules, type DestinationSettings } from './destination-rules.js'
import type { FrontKeeper } from './front-keeper.js'
import { LeavingAddresses } from './leaving-addresses.js'
import { NotYet, type ListedService } from './not-yet.js'
import type { Refusal } from './refusal.js'
import { ScheduledService } from './scheduled-service.js'
import { nameOfService } from './service-name.js'
import type { UnheldVips } from './unheld-vips.js'

/** In place of a service's counter row: the service was deleted. */
const NO_SERVICE = -1

export interface BalancingOptions {
  schedulers: ReadonlyMap<string, Scheduler>
  counters: Counters
  destinations: DestinationTable
  ownAddresses: OwnAddresses
  routes: Pick<Routes, 'isBroadcast'>
  sysctls: Sysctls
  random: () => number
  nowMs: number
  /** Is told, in a line, of a mistake of a user's scheduler. */
  report: (problem: string) => void
  /** Is told, in a line, of services and real servers that are kept but not served yet. */
  notServed: (what: string) => void
  /** Returns the number of connections from a local address. */
  usesOf: (laddr: Ipv4Addr) => number
  /** Called whenever a destination was deleted, alone or with its service. */
  gone: () => void
  /** Beside a kernel: decides which packets uvs takes from it. */
  front: FrontKeeper | undefined
  unheld?: UnheldVips
  /** Is told when a real server's open connections may have to be handled in another way. */
  changes?: Changes
}

export class Balancing {
  readonly counters: Counters
  /** The real servers of all services, by index. */
  readonly destinations: DestinationTable
  /** Services and real servers that are listed but not served. */
  readonly notYet: NotYet
  readonly #destinationRules: DestinationRules
  readonly #services = new ServiceTable<ScheduledService>()
  readonly #listed = new KernelOrder<ListedService>()
  readonly #minutes = new MinuteTicks()
  readonly #leaving: LeavingAddresses
  readonly #options: BalancingOptions
  #nowMs: number

  constructor(options: BalancingOptions) {
    this.#options = options
    this.#nowMs = options.nowMs
    this.counters = options.counters
    this.destinations = options.destinations
    const { schedulers, notServed, ownAddresses, usesOf } = options
    const destinationRules = new DestinationRules(options)
    this.#destinationRules = destinationRules
    this.#leaving = new LeavingAddresses(ownAddresses, usesOf)
    this.notYet = new NotYet({
      schedulers,
      notServed,
      mayBeRealServer: addr => destinationRules.mayBeRealServer(addr),
      listed: this.#listed,
      nextOrder: () => destinationRules.nextOrder(),
    })
  }

  /** The real servers of all services, by address. */
  get realServers(): RealServers {
    return this.#destinationRules.realServers
  }
  /** The number of services. At 0 IPVS is off: not even open connections are looked up (ipvs-behaviour.md §6.1). */
  get count(): number {
    return this.#services.count
  }
  find(identity: ServiceIdentity): ScheduledService | undefined {
    return this.#services.find(identity)
  }
  /** The service for a packet. */
  lookup(mark: number, protocol: number, addr: Ipv4Addr, port: number): ScheduledService | undefined {
    return this.#services.lookup(mark, protocol, addr, port)
  }
  inKernelOrder(): ScheduledService[] {
    return this.#listed.listed().filter(service => service instanceof ScheduledService)
  }
  /** Iterates in that order while services are added and deleted. */
  get places(): Pick<KernelOrder<ListedService>, 'placeOf' | 'at' | 'after' | 'listed' | 'revision'> {
    return this.#listed
  }
  /** Once a turn of the loop. */
  poll(nowMs: number): void {
    this.#nowMs = nowMs
    this.#destinationRules.poll(nowMs)
    this.#leaving.poll()
    this.#minutes.poll(nowMs)
  }

  addService(identity: ServiceIdentity, settings: ServiceSettings, schedulerName: string): Refusal | undefined {
    if (this.find(identity)) return 'EEXIST'
    const { schedulers, sysctls, random, ownAddresses } = this.#options
    const scheduler = schedulers.get(schedulerName)
    if (!scheduler || !isEngine(settings.engine)) return 'ENOENT'
    const row = this.counters.allocate()
    let service: ScheduledService
    try {
      service = new ScheduledService(identity, settings, row, sysctls, { scheduler, random, nowMs: this.#nowMs })
    } catch (error) {
      this.counters.release(row)
      return this.#cannotBind(scheduler, identity, error)
    }
    this.#services.add(service)
    this.#listed.add(service)
    this.#minutes.expect(service)
    if (identity.mark === 0) ownAddresses.hold(identity.addr, AddressKind.SERVICE)
    this.#options.front?.addService(identity)
    if (identity.mark === 0) this.#options.unheld?.look(identity.addr)
    this.#tellEngine(service, undefined)
    return undefined
  }
  /** Binds the service anew if the scheduler is another one. */
  editService(service: ScheduledService, settings: ServiceSettings, schedulerName: string): Refusal | undefined {
    const scheduler = this.#options.schedulers.get(schedulerName)
    if (!scheduler || !isEngine(settings.engine)) return 'ENOENT'
    const engineBefore = service.settings.engine
    if (scheduler !== service.scheduler) {
      const refusal = this.#rebind(service, scheduler, settings)
      if (refusal) return refusal
    }
    service.settings = settings
    this.#listed.changed()
    for (const dest of service.destinations) this.realServers.tell(dest, settings.clientAddress === ClientAddress.TOA)
    this.#options.changes?.note()
    this.#tellEngine(service, engineBefore)
    return undefined
  }
  deleteService(service: ScheduledService): void {
    atOnce(this.deletingService(service))
  }
  /** The same in steps. From the first step on no packet finds the service; the last one releases its counters. */
  *deletingService(service: ScheduledService): Generator<void, void> {
    service.bound.unbound?.()
    this.#minutes.forget(service)
    this.#services.remove(service)
    this.#listed.remove(service)
    yield* forEachInSteps(service.destinations, dest => {
      this.#destinationRules.toTrash(dest, this.#nowMs)
      dest.serviceCounters = NO_SERVICE
    })
    // Not before the front knows which connections it is to go on taking.
    this.#options.front?.removeService(service.identity)
    if (service.mark === 0) this.#options.ownAddresses.letGo(service.addr, AddressKind.SERVICE)
    for (const addr of service.localAddresses) this.#leaving.add(addr)
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
    this.#listed.changed()
    return this.#destinationRules.add(service, addr, port, settings)
  }
  editDestination(service: ScheduledService, dest: Destination, settings: DestinationSettings): Refusal | undefined {
    this.#listed.changed()
    return this.#destinationRules.edit(service, dest, settings)
  }
  deleteDestination(service: ScheduledService, dest: Destination): void {
    this.#listed.changed()
    this.#destinationRules.delete(service, dest, this.#nowMs)
  }
  /** Adds a local address (LIP) for FULLNAT connections of the service. It becomes one of ours. */
  addLocalAddress(service: ScheduledService, addr: Ipv4Addr): Refusal | undefined {
    if (service.localAddresses.includes(addr)) return 'EEXIST'
    if (!this.#mayBeLocalAddress(service, addr)) return 'EINVAL'
    service.localAddresses.push(addr)
    this.#options.ownAddresses.hold(addr)
    return undefined
  }
  /** Removes a local address: no new connection gets it. It stays ours until its open connections have ended. */
  deleteLocalAddress(service: ScheduledService, addr: Ipv4Addr): Refusal | undefined {
    const at = service.localAddresses.indexOf(addr)
    if (at < 0) return 'ENOENT'
    service.localAddresses.splice(at, 1)
    this.#leaving.add(addr)
    return undefined
  }

  /** Zeroes the shown counters, as of the last tick, of a service and its destinations, or of all services and TOTALS. */
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
  /** Back to the state after start. The caller must clear the connections too. */
  reset(): void {
    this.flush()
    this.#destinationRules.clear()
    this.counters.clear()
  }

  /** Returns a real server for a new connection, or undefined. SchedulerFailure for a mistake of a user's scheduler. */
  schedule(service: ScheduledService, flow: Flow): Destination | undefined {
    return service.bound.schedule(flow, this.#nowMs)
  }

  #tellEngine(service: ScheduledService, before: string | undefined): void {
    const { engine } = service.settings
    if (engine !== undefined && engine !== before)
      this.#options.notServed(`${nameOfService(service)}: --pe ${engine}; clients stay by their address`)
  }
  #rebind(service: ScheduledService, scheduler: Scheduler, settings: ServiceSettings): Refusal | undefined {
    try {
      service.rebind(scheduler, settings, this.#options.random, this.#nowMs)
    } catch (error) {
      return this.#cannotBind(scheduler, service, error)
    }
    this.#minutes.expect(service)
    return undefined
  }
  #cannotBind(scheduler: Scheduler, service: ServiceIdentity, error: unknown): Refusal {
    const why = error instanceof Error ? error.message : String(error)
    this.#options.report(`scheduler ${scheduler.name} of ${nameOfService(service)}: ${why}`)
    return 'EINVAL'
  }
  /** Whether it is a unicast address, and neither a service's nor that of one of this service's real servers. */
  #mayBeLocalAddress(service: ScheduledService, addr: Ipv4Addr): boolean {
    if (!isHostAddress(addr) || this.#options.routes.isBroadcast(addr)) return false
    if (this.#services.hasAddress(addr)) return false
    return service.destinations.every(dest => dest.addr !== addr)
  }
}
