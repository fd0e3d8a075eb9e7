/** Something that takes part in a simulated network: a host, a switch, a director, a load. */
export interface Station {
  /** Does what there is to do at `now` (ms), as far as it can without waiting. Answers how many frames it took in. */
  turn(now: number): number
}

/**
 * A network in virtual time: every millisecond, each station has its turn, in the order they were added. Nothing here
 * reads a clock, so the same stations with the same seeds do the same things in the same order.
 */
export class Network {
  now: number
  readonly #stations: Station[] = []

  constructor(now = 0) {
    this.now = now
  }

  add(...stations: Station[]): this {
    this.#stations.push(...stations)
    return this
  }

  /** Lets time pass until `done`, or for `limitMs`. Answers whether `done` came to be. */
  run(done: () => boolean, limitMs: number): boolean {
    const end = this.now + limitMs
    while (!done()) {
      if (this.now >= end) return false
      this.now++
      for (const station of this.#stations) station.turn(this.now)
    }
    return true
  }

  /** Lets `ms` milliseconds pass. */
  pass(ms: number): void {
    this.run(() => false, ms)
  }
}
