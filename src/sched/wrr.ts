import type { Service } from '../service/service.js'
import type { BoundScheduler, Scheduler } from './scheduler.js'

/** Before the first destination. */
const HEAD = -1

/**
 * Weighted round robin by interleaved levels: at each level, from the highest weight down, every destination of at
 * least that weight has its turn in list order (ipvs-behaviour.md §3.3, vectors in §15.2).
 */
export const wrr: Scheduler = { name: 'wrr', bind: service => new WeightedRoundRobin(service) }

class WeightedRoundRobin implements BoundScheduler {
  readonly #service: Service
  /** Index of the last choice. */
  #position = HEAD
  #level: number
  /** The highest level: the greatest weight, less step − 1. 0 when nobody has any. */
  #top = 0
  /** Greatest common divisor of the weights. */
  #step = 1

  constructor(service: Service) {
    this.#service = service
    this.#measure()
    this.#level = this.#top
  }

  schedule() {
    const { destinations } = this.#service
    if (this.#top === 0) return undefined
    // Every level up to #top has a taker, so that this ends in the second pass at the latest.
    for (;;) {
      if (++this.#position >= destinations.length) {
        this.#level -= this.#step
        if (this.#level <= 0) this.#level = this.#top
        this.#position = 0
      }
      const dest = destinations[this.#position]!
      if (dest.weight >= this.#level) return dest
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

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
