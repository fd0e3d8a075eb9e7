import { seededRandom } from '../../src/director/random.js'
import type { Cidr, Ipv4Addr } from '../../src/wire/addr.js'
import type { Arrivals, Distribution } from './scenario/scenario.js'

const TWO_32 = 2 ** 32

/** Random numbers of one part of a simulation, so that another part's do not depend on how many it drew. */
export class RandomValues {
  readonly #next: () => number

  constructor(seed: number, part: number) {
    const mix = seededRandom(seed)
    const base = mix()
    this.#next = seededRandom((base ^ Math.imul(part + 1, 0x9e3779b1)) >>> 0)
  }

  /** 0 ≤ result < 1 */
  unit(): number {
    return this.#next() / TWO_32
  }
  /** 0 ≤ result < n */
  below(n: number): number {
    return Math.floor(this.unit() * n)
  }
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit())
  }

  of(distribution: Distribution): number {
    switch (distribution.kind) {
      case 'constant':
        return distribution.value
      case 'uniform':
        return distribution.from + this.unit() * (distribution.to - distribution.from)
      case 'exponential':
        return this.exponential(distribution.mean)
      case 'pareto':
        return distribution.least * (1 - this.unit()) ** (-1 / distribution.shape)
      case 'lognormal':
        return distribution.median * Math.exp(distribution.sigma * this.#normal())
    }
  }

  /** How long after one arrival the next one is, in ms. Not of bursts. */
  gap(arrivals: Exclude<Arrivals, { kind: 'burst' }>): number {
    const mean = 1000 / arrivals.perSecond
    if (arrivals.kind === 'poisson') return this.exponential(mean)
    return arrivals.kind === 'uniform' ? this.unit() * 2 * mean : mean
  }

  /** A host of a network: neither its first nor its last address, if it has more than two. */
  host({ addr, mask, prefix }: Cidr): Ipv4Addr {
    if (prefix === 32) return addr
    const hosts = 2 ** (32 - prefix)
    const at = prefix === 31 ? this.below(2) : 1 + this.below(hosts - 2)
    return ((addr & mask) + at) as Ipv4Addr
  }

  /** Box and Muller's. */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit())
  }
}
