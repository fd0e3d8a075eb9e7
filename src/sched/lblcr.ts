import type { Destination } from '../service/destination.js'
import type { Service } from '../service/service.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { isBusy } from './busy.js'
import { leastByWeight } from './least.js'
import { LocalityCache } from './locality-cache.js'
import { overhead, productExceeds } from './overhead.js'
import type { BoundScheduler, Flow, Scheduler, SchedulerView } from './scheduler.js'
import { ratioView } from './views.js'

interface Entry {
  readonly addr: Ipv4Addr
  /** The servers that share the address, the newest first. */
  readonly members: Destination[]
  lastUse: number
  /** When the set last gained or lost a member. */
  lastChange: number
}

/**
 * lblc with replication: an address has a set of servers. The set grows while its least loaded member is busy, and loses
 * its most loaded one after lblcr_expiration without a change (ipvs-behaviour.md §3.8).
 */
export const lblcr: Scheduler = { name: 'lblcr', bind: service => new Replicating(service) }

class Replicating implements BoundScheduler {
  readonly #service: Service
  readonly #cache = new LocalityCache<Entry>(({ members }) => members.forEach(dest => dest.countCached(-1)))

  constructor(service: Service) {
    this.#service = service
  }

  schedule(flow: Flow, nowMs: number): Destination | undefined {
    const { destinations } = this.#service
    const entry = this.#cache.find(flow.vaddr)
    if (entry !== undefined) {
      entry.lastUse = nowMs
      const least = leastMember(entry.members)
      if (entry.members.length > 1 && nowMs > entry.lastChange + this.#expirationMs) this.#shrink(entry, nowMs)
      if (least !== undefined && !isBusy(least, destinations)) return least
    }
    const dest = leastByWeight(destinations, overhead)
    if (dest === undefined) return undefined
    if (entry !== undefined) this.#grow(entry, dest, nowMs)
    else if (this.#cache.hasRoom) {
      dest.countCached(1)
      this.#cache.add({ addr: flow.vaddr, members: [dest], lastUse: nowMs, lastChange: nowMs })
    }
    return dest
  }
  view(flow: Flow): SchedulerView {
    const isKnown = this.#cache.find(flow.vaddr) !== undefined
    const least = 'the least (256 × active + inactive) ÷ weight'
    return ratioView(
      isKnown
        ? `the least loaded of the servers that the address has, unless it is busy; else ${least}`
        : `${least}; the address then stays there`,
      overhead,
    )
  }
  tick(nowMs: number): void {
    this.#cache.sweep(nowMs, this.#expirationMs)
  }
  unbound(): void {
    this.#cache.clear()
  }

  get #expirationMs(): number {
    return this.#service.sysctls.lblcrExpiration * 1000
  }
  #grow(entry: Entry, dest: Destination, nowMs: number): void {
    if (entry.members.includes(dest)) return
    dest.countCached(1)
    entry.members.unshift(dest)
    entry.lastChange = nowMs
  }
  #shrink(entry: Entry, nowMs: number): void {
    const most = mostLoaded(entry.members)
    if (most === undefined) return
    entry.members.splice(entry.members.indexOf(most), 1)
    most.countCached(-1)
    entry.lastChange = nowMs
  }
}

/** The choice of wlc among the members that are up. */
function leastMember(members: readonly Destination[]): Destination | undefined {
  let least: Destination | undefined
  for (const dest of members) {
    if (dest.overloaded || !dest.available || dest.weight === 0) continue
    if (least === undefined || productExceeds(overhead(least), dest.weight, overhead(dest), least.weight)) least = dest
  }
  return least
}

/** The member with the greatest overhead ÷ weight, overloaded and deleted ones included. */
function mostLoaded(members: readonly Destination[]): Destination | undefined {
  let most: Destination | undefined
  for (const dest of members) {
    if (dest.weight === 0) continue
    if (most === undefined || productExceeds(overhead(dest), most.weight, overhead(most), dest.weight)) most = dest
  }
  return most
}
