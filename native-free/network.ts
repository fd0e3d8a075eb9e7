/** A part of a simulated network: a host, a switch, a director, a load. */
export interface Station {
  /** Does everything that can be done at `now` (ms) without waiting. Returns how many frames it received. */
  turn(now: number): number
}

/**
 * A network in virtual time: every millisecond each station gets a turn, in the order in which they were added. Nothing here
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

  /** Lets time pass until `done` returns true, at most `limitMs`. Returns whether it did. */
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
