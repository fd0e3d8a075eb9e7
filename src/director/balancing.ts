/*
 * What is balanced over whom, and how that changes: the kernel's operations with the kernel's refusals
 * (ipvs-behaviour.md §2.3, §2.7, §14). Nothing here runs for a packet but `find`, `schedule` and `count`.
 */
import type { LocalAddresses } from '../neigh/local-addresses.js'
import type { BoundScheduler, Flow, Scheduler } from '../sched/scheduler.js'
import { Counters, TOTALS } from '../service/counters.js'
import { DestinationTable, type Destination } from '../service/destination.js'
import { Service } from '../service/service.js'
import { ServiceTable } from '../service/service-table.js'
import { Trash } from '../service/trash.js'
import { isLimitedBroadcast, isMulticast, isZeronet, type Ipv4Addr } from '../wire/addr.js'

export type Refusal = 'EEXIST' | 'ENOENT' | 'ESRCH' | 'EINVAL' | 'ERANGE'

/** A service and the scheduler that serves it. */
export class ScheduledService extends Service {
  scheduler: Scheduler
  bound: BoundScheduler

  constructor(
    protocol: number,
    addr: Ipv4Addr,
    port: number,
    counters: number,
    scheduler: Scheduler,
    random: () => number,
  ) {
    super(protocol, addr, port, counters)
    this.scheduler = scheduler
    this.bound = scheduler.bind(this, random)
  }
}

export interface BalancingOptions {
  schedulers: ReadonlyMap<string, Scheduler>
  local: LocalAddresses
  random: () => number
  now: number
}

export class Balancing {
  readonly counters = new Counters()
  readonly destinations = new DestinationTable(this.counters)
  readonly #services = new ServiceTable<ScheduledService>()
  readonly #trash = new Trash(this.destinations)
  readonly #schedulers: ReadonlyMap<string, Scheduler>
  readonly #local: LocalAddresses
  readonly #random: () => number
  #now: number

  constructor(options: BalancingOptions) {
    this.#schedulers = options.schedulers
    this.#local = options.local
    this.#random = options.random
    this.#now = options.now
  }

  /** Services there are. With none, IPVS is off: even open connections are not looked at (ipvs-behaviour.md §6.1). */
  get count(): number {
    return this.#services.count
  }
  find(protocol: number, addr: number, port: number): ScheduledService | undefined {
    return this.#services.find(protocol, addr, port)
  }
  inKernelOrder(): ScheduledService[] {
    return this.#services.inKernelOrder()
  }
  /** Once a turn of the loop. */
  poll(now: number): void {
    this.#now = now
    this.#trash.sweep(now)
  }

  addService(protocol: number, addr: Ipv4Addr, port: number, schedulerName: string): Refusal | undefined {
    if (this.find(protocol, addr, port)) return 'EEXIST'
    const scheduler = this.#schedulers.get(schedulerName)
    if (!scheduler) return 'ENOENT'
    this.#services.add(new ScheduledService(protocol, addr, port, this.counters.allocate(), scheduler, this.#random))
    this.#local.hold(addr)
    return undefined
  }
  /** Another scheduler begins anew; the same one goes on. */
  editService(service: ScheduledService, schedulerName: string): Refusal | undefined {
    const scheduler = this.#schedulers.get(schedulerName)
    if (!scheduler) return 'ENOENT'
    if (scheduler === service.scheduler) return undefined
    service.bound = scheduler.bind(service, this.#random)
    service.scheduler = scheduler
    return undefined
  }
  deleteService(service: ScheduledService): void {
    for (const dest of service.destinations) this.#toTrash(dest)
    this.#services.remove(service)
    this.#local.letGo(service.addr)
    this.counters.release(service.counters)
  }
  flush(): void {
    for (const service of this.inKernelOrder()) this.deleteService(service)
  }

  addDestination(service: ScheduledService, addr: Ipv4Addr, port: number, weight: number): Refusal | undefined {
    if (service.destination(addr, port)) return 'EEXIST'
    const revived = this.#trash.revive(service.protocol, service.addr, service.port, addr, port)
    if (!revived && !this.#mayBeRealServer(addr)) return 'EINVAL'
    const dest = revived ?? this.destinations.create(service.protocol, service.addr, service.port, addr, port)
    // A service that was deleted and made again counts its destinations anew (ipvs-behaviour.md §2.7).
    if (revived && revived.serviceCounters !== service.counters) this.counters.zero(dest.counters)
    dest.serviceCounters = service.counters
    dest.weight = weight
    dest.available = true
    service.destinations.unshift(dest)
    service.bound.added?.(dest)
    return undefined
  }
  editDestination(service: ScheduledService, dest: Destination, weight: number): void {
    dest.weight = weight
    service.bound.edited?.(dest)
  }
  deleteDestination(service: ScheduledService, dest: Destination): void {
    const index = service.destinations.indexOf(dest)
    service.destinations.splice(index, 1)
    this.#toTrash(dest)
    service.bound.removed?.(dest, index)
  }

  /** From the last snapshot on, of one service and its destinations, or of everything and the totals. */
  zero(service: ScheduledService | undefined): void {
    if (!service) this.counters.zero(TOTALS)
    for (const each of service ? [service] : this.#services) {
      this.counters.zero(each.counters)
      for (const dest of each.destinations) this.counters.zero(dest.counters)
    }
  }
  /** As freshly started. The connections must be forgotten with it. */
  reset(): void {
    this.flush()
    this.#trash.clear()
    this.destinations.clear()
    this.counters.clear()
  }

  /** A server for a new connection, or nothing. */
  schedule(service: ScheduledService, flow: Flow): Destination | undefined {
    return service.bound.schedule(flow, this.#now)
  }

  #toTrash(dest: Destination): void {
    dest.available = false
    this.#trash.put(dest, this.#now)
  }
  /** Unicast, or our own: the kernel's test of a new real server's address. */
  #mayBeRealServer(addr: Ipv4Addr): boolean {
    return this.#local.has(addr) || !(isZeronet(addr) || isMulticast(addr) || isLimitedBroadcast(addr))
  }
}
