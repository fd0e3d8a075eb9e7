import type { Destination } from '../service/destination.js'
import { SchedFlag } from '../service/service-settings.js'
import type { Service } from '../service/service.js'
import { AS_IT_CAME, BY_THE_RULES, type HashOrder } from './hash-order.js'
import { hashedPort } from './hash.js'
import type { BoundScheduler, Flow, Scheduler, SchedulerView } from './scheduler.js'
import { sipHash13 } from './siphash.js'
import { placesView } from './views.js'

/** Slots: a prime, so that every skip visits all of them. A service with more destinations than slots cannot use mh. */
export const MAGLEV_SLOTS = 4093
/** Weights are scaled down to this many bits. */
const WEIGHT_BITS = 6
/** The kernel's two keys, so that every director has the same table. */
const KEY1 = 2_654_435_761
const KEY2 = 2_654_446_892
const EMPTY = -1

/**
 * Maglev hashing (Eisenbud et al., NSDI 2016, §3.4): the servers fill a table of slots in turns, each in its own order, so
 * that adding or removing one moves few clients (ipvs-behaviour.md §3.9). It uses last weights: a server edited
 * to 0 keeps its slots and its clients are refused, unless mh-fallback probes for another.
 */
export const mh: Scheduler = { name: 'mh', bind: service => new Maglev(service, AS_IT_CAME) }
/** The same table on every director with the same rules: a server of weight 0 has no slots. */
export const fleetMh: Scheduler = { name: 'mh', bind: service => new Maglev(service, BY_THE_RULES) }

class Maglev implements BoundScheduler {
  readonly #service: Service
  readonly #order: HashOrder
  /** Slot → index into #servers. Filled at first use: it takes 0.1 ms, and changes mostly come many at a time. */
  #slots: Int16Array | undefined
  #servers: readonly Destination[] = []

  constructor(service: Service, order: HashOrder) {
    this.#service = service
    this.#order = order
    if (service.destinations.length > MAGLEV_SLOTS)
      throw new RangeError(`mh takes ${MAGLEV_SLOTS} destinations at most`)
  }

  schedule(flow: Flow): Destination | undefined {
    const { schedFlags } = this.#service.settings
    const key = (schedFlags & SchedFlag.PORT ? hashedPort(flow) : 0) + flow.caddr
    const slot = slotOf(key)
    const slots = (this.#slots ??= this.#populate())
    const dest = this.#servers[slots[slot]!]
    if (dest === undefined || dest.eligible) return dest
    return schedFlags & SchedFlag.FALLBACK ? this.#fallback(slots, key, slot) : undefined
  }
  view(flow: Flow): SchedulerView {
    const { schedFlags } = this.#service.settings
    const slots = (this.#slots ??= this.#populate())
    const servers = Array.from(slots, server => this.#servers[server])
    const key = (schedFlags & SchedFlag.PORT ? hashedPort(flow) : 0) + flow.caddr
    return placesView(
      'slot',
      servers,
      slotOf(key),
      schedFlags & SchedFlag.FALLBACK ? '; if it refuses, of another' : '',
    )
  }
  added(): void {
    this.#slots = undefined
  }
  edited(): void {
    this.#slots = undefined
  }
  removed(): void {
    this.#slots = undefined
  }

  #fallback(slots: Int16Array, key: number, slot: number): Destination | undefined {
    for (let i = 0; i < MAGLEV_SLOTS; i++) {
      const dest = this.#servers[slots[slotOf(key + ((i + slot) % MAGLEV_SLOTS))]!]
      if (dest === undefined || dest.eligible) return dest
    }
    return undefined
  }

  #populate(): Int16Array {
    const slots = new Int16Array(MAGLEV_SLOTS).fill(EMPTY)
    this.#servers = this.#order.servers(this.#service)
    const turns = turnsOf(this.#servers.map(this.#order.mhWeight))
    if (turns.every(count => count === 0)) return slots
    const cursors = this.#servers.map(dest => slotOf(dest.port + dest.addr))
    const skips = this.#servers.map(dest => (sipHash13(dest.port + dest.addr, KEY2) % (MAGLEV_SLOTS - 1)) + 1)
    for (let taken = 0; ;) {
      for (let server = 0; server < this.#servers.length; server++)
        for (let turn = 0; turn < turns[server]!; turn++) {
          while (slots[cursors[server]!] !== EMPTY) cursors[server] = (cursors[server]! + skips[server]!) % MAGLEV_SLOTS
          slots[cursors[server]!] = server
          if (++taken === MAGLEV_SLOTS) return slots
        }
    }
  }
}

function slotOf(key: number): number {
  return sipHash13(key | 0, KEY1) % MAGLEV_SLOTS
}

/** Slots that each server claims in a round: its weight divided by the greatest common divisor, cut to WEIGHT_BITS. */
function turnsOf(weights: number[]): number[] {
  const divisor = weights.reduce(gcd, 0)
  if (divisor === 0) return weights
  const greatest = Math.max(...weights) / divisor
  const shift = Math.max(0, 32 - Math.clz32(greatest) - WEIGHT_BITS)
  return weights.map(weight => (weight === 0 ? 0 : Math.max(1, (weight / divisor) >> shift)))
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
