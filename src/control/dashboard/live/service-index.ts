import type { Control, Reply, ServiceSums } from '../../protocol/api.js'
import { Listed, type ListedRow, type Order } from './listed.js'
import type { View } from './view.js'

/*
 * What every service comes to, so that a page can be chosen among ten thousand: by it rows are sorted and filtered, their figures are read
 * anew each tick. It is read as often as its counters change, and no more than a twentieth of the time.
 */

/** The estimator's tick; and where nothing is sorted by figures. */
const FRESH_MS = 2000
const FRESH_NAMES_MS = 5000
const SHARE = 20
/** How many orders are kept until the next reading. */
const ORDERS_MAX = 64

export interface Chosen {
  total: number
  matched: number
  rows: readonly ListedRow[]
}

export class ServiceIndex {
  readonly #control: Control
  readonly #changedAt: () => number
  #listed: Listed | undefined
  #orders = new Map<string, Order>()
  /** Of the reading before, if it had the same services. */
  #earlier: ReadonlyMap<string, Order> = new Map()
  #reading: Promise<void> | undefined
  #readAt = -Infinity
  #readAtUnix = 0
  #restMs = 0

  /** `changedAt`: when rules were changed last as far as is known, in Unix ms. */
  constructor(control: Control, changedAt: () => number = () => 0) {
    this.#control = control
    this.#changedAt = changedAt
  }

  /** The page that a view shows. Waits only for the first reading. */
  async choose(view: View): Promise<Chosen> {
    const isSoon = typeof view.sort === 'number' || this.#changedAt() >= this.#readAtUnix
    const freshMs = isSoon ? FRESH_MS : FRESH_NAMES_MS
    if (performance.now() >= this.#readAt + Math.max(freshMs, this.#restMs)) this.#reading ??= this.#read()
    if (this.#readAt === -Infinity) await this.#reading
    const all = this.#ordered(view)
    return {
      total: this.#listed?.total ?? 0,
      matched: all.length,
      rows: all.slice(view.first, view.first + view.count).map(place => this.#listed!.at(place)),
    }
  }

  /** Rejects with the director's refusal the first time; later what there is stays. */
  async #read(): Promise<void> {
    const [began, beganUnix] = [performance.now(), Date.now()]
    let busyMs = 0
    try {
      const reply: Reply<'service-sums'> = await this.#control.call<'service-sums'>({ op: 'service-sums' })
      const taking = performance.now()
      if (!reply.ok) throw new Error(reply.message)
      this.#take(reply.value)
      busyMs = performance.now() - taking
    } catch (error) {
      if (this.#readAt === -Infinity) throw error
    } finally {
      this.#reading = undefined
      this.#readAt = began
      this.#readAtUnix = beganUnix
      this.#restMs = SHARE * busyMs
    }
  }

  #take(read: ServiceSums): void {
    const before = this.#listed
    this.#listed = before?.with(read) ?? new Listed(read)
    this.#earlier = before && this.#listed.isLike(before) ? this.#orders : new Map()
    this.#orders = new Map()
  }

  #ordered({ sort, isDescending, words }: View): Order {
    const name = JSON.stringify([sort, isDescending, words])
    const known = this.#orders.get(name)
    if (known) return known
    const ordered = this.#listed?.ordered(sort, isDescending, words, this.#earlier.get(name)) ?? []
    if (this.#orders.size === ORDERS_MAX) this.#orders.clear()
    this.#orders.set(name, ordered)
    return ordered
  }
}
