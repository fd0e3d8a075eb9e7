import type { EventQueue } from './event-queue.js'
import type { Ledger } from './ledger.js'
import type { RandomValues } from './random-values.js'
import type { LinkQuality } from './scenario/scenario.js'

/** A frame that is overtaken comes later by at least so much. */
const LEAST_REORDER_MS = 1

/** All ways between the parts of a network: what a frame meets on one, and which are cut. */
export class Wires {
  readonly #events: EventQueue
  readonly #random: RandomValues
  readonly #ledger: Ledger
  /** By the names of both ends: when the last frame arrives. */
  readonly #ways = new Map<string, Map<string, { lastMs: number }>>()
  /** 'a b', in both orders. */
  readonly #cut = new Set<string>()
  readonly #links = new Map<string, LinkQuality>()

  constructor(events: EventQueue, random: RandomValues, ledger: Ledger) {
    this.#events = events
    this.#random = random
    this.#ledger = ledger
  }

  /** The link of one end; the way between two has what both have. */
  attach(name: string, link: LinkQuality): void {
    this.#links.set(name, link)
  }
  cut(one: string, other: string): void {
    this.#cut.add(`${one} ${other}`).add(`${other} ${one}`)
  }
  mend(one: string, other: string): void {
    this.#cut.delete(`${one} ${other}`)
    this.#cut.delete(`${other} ${one}`)
  }
  isCut(one: string, other: string): boolean {
    return this.#cut.size > 0 && this.#cut.has(`${one} ${other}`)
  }
  /** How long a frame takes from one to the other and back, without jitter. */
  roundTripMs(one: string, other: string): number {
    return 2 * ((this.#links.get(one)?.delayMs ?? 0) + (this.#links.get(other)?.delayMs ?? 0))
  }

  /** Has a frame arrive later, or lose its way. `link`: in the place of the ends' links. */
  carry(from: string, to: string, arrive: () => void, link?: LinkQuality): void {
    if (this.isCut(from, to)) return this.#ledger.lost('link-partition')
    const now = this.#events.nowMs
    let atMs = now
    let isLate = false
    for (const quality of link ? [link] : [this.#links.get(from), this.#links.get(to)]) {
      if (!quality) continue
      if (quality.loss > 0 && this.#random.unit() < quality.loss) return this.#ledger.lost('link-loss')
      atMs += quality.delayMs
      if (quality.jitterMs > 0) atMs += this.#random.unit() * quality.jitterMs
      if (quality.reorder > 0 && this.#random.unit() < quality.reorder) {
        isLate = true
        atMs += Math.max(quality.delayMs + quality.jitterMs, LEAST_REORDER_MS)
      }
    }
    if (!isLate) {
      const way = this.#way(from, to)
      atMs = way.lastMs = Math.max(atMs, way.lastMs)
    }
    this.#events.at(atMs, arrive)
  }

  #way(from: string, to: string): { lastMs: number } {
    let ways = this.#ways.get(from)
    if (!ways) this.#ways.set(from, (ways = new Map()))
    let way = ways.get(to)
    if (!way) ways.set(to, (way = { lastMs: 0 }))
    return way
  }
}
