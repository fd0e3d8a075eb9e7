import type { Destination } from '../service/destination.js'
import type { Service } from '../service/service.js'
import type { BoundScheduler, Scheduler, SchedulerView } from './scheduler.js'

/** Before the first destination. */
const HEAD = -1

/**
 * Weighted round robin by interleaved levels: at each level, from the highest weight down, every destination with at
 * least that weight gets a turn, in list order (ipvs-behaviour.md §3.3, vectors in §15.2).
 */
export const wrr: Scheduler = { name: 'wrr', bind: service => new WeightedRoundRobin(service) }

class WeightedRoundRobin implements BoundScheduler {
  readonly #service: Service
  /** Index of the last choice. */
  #position = HEAD
  #level: number
  /** The highest level: the greatest weight − (step − 1). 0 when all weights are 0. */
  #top = 0
  /** Greatest common divisor of the weights. */
  #step = 1

  constructor(service: Service) {
    this.#service = service
    this.#measure()
    this.#level = this.#top
  }

  schedule(): Destination | undefined {
    const { destinations } = this.#service
    if (this.#top === 0) return undefined
    const start = this.#position
    const next = this.#pass(start + 1)
    if (next !== undefined) return next
    const wasLowest = this.#level <= this.#step
    this.#lowerLevel()
    const highest = greatestEligible(destinations)
    if (highest === 0) return this.#giveUp(start, wasLowest)
    // Skip levels without an eligible destination at once: weights go up to 2^31.
    if (this.#level > highest) this.#level -= Math.ceil((this.#level - highest) / this.#step) * this.#step
    return this.#pass(0)
  }

  /** The first destination from index `from` on that belongs to the current level and is not overloaded. */
  #pass(from: number): Destination | undefined {
    const { destinations } = this.#service
    for (let at = from; at < destinations.length; at++) {
      const dest = destinations[at]!
      if (dest.weight < this.#level || dest.overloaded) continue
      this.#position = at
      return dest
    }
    return undefined
  }
  #lowerLevel(): void {
    this.#level -= this.#step
    if (this.#level <= 0) this.#level = this.#top
  }
  /**
   * Every destination is overloaded. The kernel finds this out level by level, and this leaves its position behind: at the
   * head, if it came to the end of the lowest level; but if it started within the lowest level, it stops where it
   * started, after one full turn of the levels.
   */
  #giveUp(start: number, wasLowest: boolean): undefined {
    if (start === HEAD || !wasLowest) {
      this.#position = HEAD
      this.#level = this.#top
    } else this.#level = ((this.#top - 1) % this.#step) + 1
  }

  view(): SchedulerView {
    const { destinations } = this.#service
    const turnOf = (at: number): number => (at - this.#position - 1 + destinations.length) % destinations.length
    return {
      rule: `the next in the list of weight ${this.#level} or more, then of ${this.#step} less`,
      of: dest => `turn ${turnOf(destinations.indexOf(dest)) + 1}`,
    }
  }
  added(): void {
    this.#changed()
  }
  edited(): void {
    this.#changed()
  }
  removed(): void {
    this.#changed()
  }

  #changed(): void {
    this.#measure()
    this.#position = HEAD
    if (this.#level > this.#top || this.#level === 0) this.#level = this.#top
    else if (this.#step > 1) this.#level = Math.floor(this.#level / this.#step) * this.#step + 1
  }
  #measure(): void {
    let divisor = 0
    let greatest = 0
    for (const { weight } of this.#service.destinations) {
      if (weight === 0) continue
      divisor = gcd(weight, divisor)
      greatest = Math.max(greatest, weight)
    }
    this.#step = divisor || 1
    this.#top = greatest === 0 ? 0 : greatest - (this.#step - 1)
  }
}

/** The greatest weight among destinations that are not overloaded; 0 if there are none. */
function greatestEligible(destinations: readonly Destination[]): number {
  let greatest = 0
  for (let i = 0; i < destinations.length; i++) {
    const dest = destinations[i]!
    if (dest.weight > greatest && !dest.overloaded) greatest = dest.weight
  }
  return greatest
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
