import type { FleetShown } from './fleet.js'

/** How long what was read is shown to all readers, in ms. */
const FRESH_MS = 2000

/** Asks for a fleet, once for all who look at it. */
export class FleetReader {
  readonly #read: () => Promise<FleetShown> | undefined
  #last: Promise<FleetShown> | undefined
  #readAt = -Infinity

  /** `read` returns undefined where there is no fleet. */
  constructor(read: () => Promise<FleetShown> | undefined) {
    this.#read = read
  }

  /** Rejects, in a line, where etcd does not answer. */
  async shown(): Promise<{ fleet?: FleetShown }> {
    if (performance.now() - this.#readAt > FRESH_MS) {
      this.#readAt = performance.now()
      this.#last = this.#read()
      this.#last?.catch(() => {}) // whoever asks is told
    }
    const fleet = await this.#last
    return fleet ? { fleet } : {}
  }
}
