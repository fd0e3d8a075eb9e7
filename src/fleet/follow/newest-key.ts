import type { FleetKv } from '../fleet-rules.js'

/** More of those that are no more than this, besides as many as there are keys, are dropped. */
const SOME = 64

/** The newest of keys that come and go: found without a look at the others. */
export class NewestKey {
  readonly #held: ReadonlyMap<string, FleetKv>
  /** The oldest first; what has been replaced or deleted may be among them. */
  #puts: FleetKv[] = []
  #isSorted = true

  /** `held`: those that there are. */
  constructor(held: ReadonlyMap<string, FleetKv>) {
    this.#held = held
  }

  /** It was put into `held`. */
  put(kv: FleetKv): void {
    const last = this.#puts.at(-1)
    if (last !== undefined && last.modRevision > kv.modRevision) this.#isSorted = false
    this.#puts.push(kv)
  }

  /** 0: there is none. */
  get revision(): number {
    if (!this.#isSorted || this.#puts.length > 2 * this.#held.size + SOME) {
      this.#puts = [...this.#held.values()].sort((a, b) => a.modRevision - b.modRevision)
      this.#isSorted = true
    }
    for (;;) {
      const last = this.#puts.at(-1)
      if (last === undefined) return 0
      if (this.#held.get(last.key) === last) return last.modRevision
      this.#puts.pop()
    }
  }
}
