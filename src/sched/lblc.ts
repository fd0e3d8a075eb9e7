import type { Destination } from '../service/destination.js'
import type { Service } from '../service/service.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { isBusy } from './busy.js'
import { leastByWeight } from './least.js'
import { LocalityCache } from './locality-cache.js'
import { overhead } from './overhead.js'
import type { BoundScheduler, Flow, Scheduler, SchedulerView } from './scheduler.js'
import { ratioView } from './views.js'

interface Entry {
  readonly addr: Ipv4Addr
  readonly dest: Destination
  lastUse: number
}

/**
 * Locality-based least connection: a destination address stays with its server until the server is busy, gone or of weight 0;
 * then wlc chooses another (ipvs-behaviour.md §3.7).
 */
export const lblc: Scheduler = { name: 'lblc', bind: service => new LocalityBased(service) }

class LocalityBased implements BoundScheduler {
  readonly #service: Service
  readonly #cache = new LocalityCache<Entry>(entry => entry.dest.countCached(-1))

  constructor(service: Service) {
    this.#service = service
  }

  schedule(flow: Flow, nowMs: number): Destination | undefined {
    const { destinations } = this.#service
    const entry = this.#cache.find(flow.vaddr)
    if (entry !== undefined) {
      entry.lastUse = nowMs
      // As in the kernel, the overload flag is not checked here.
      if (entry.dest.available && entry.dest.weight > 0 && !isBusy(entry.dest, destinations)) return entry.dest
    }
    const dest = leastByWeight(destinations, overhead)
    if (dest !== undefined && entry?.dest !== dest) this.#remember(flow.vaddr, dest, entry, nowMs)
    return dest
  }
  view(flow: Flow): SchedulerView {
    const isKnown = this.#cache.find(flow.vaddr) !== undefined
    const least = 'the least (256 × active + inactive) ÷ weight'
    return ratioView(
      isKnown
        ? `the server that the address had, unless it is busy; else ${least}`
        : `${least}; the address then stays there`,
      overhead,
    )
  }
  tick(nowMs: number): void {
    this.#cache.sweep(nowMs, this.#service.sysctls.lblcExpiration * 1000)
  }
  unbound(): void {
    this.#cache.clear()
  }

  #remember(addr: Ipv4Addr, dest: Destination, instead: Entry | undefined, nowMs: number): void {
    if (instead !== undefined) this.#cache.remove(instead)
    if (!this.#cache.hasRoom) return
    dest.countCached(1)
    this.#cache.add({ addr, dest, lastUse: nowMs })
  }
}
