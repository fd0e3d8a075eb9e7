import type { Flow } from '../packet/flow.js'
import type { Destination } from '../service/destination.js'
import type { Service } from '../service/service.js'

/** What a scheduler may know of the packet that asks for a server. */
export type { Flow }

/** A scheduler's state for one service. */
export interface BoundScheduler {
  /** A destination that may take the connection, or nothing. `now` in ms. */
  schedule(flow: Flow, now: number): Destination | undefined
  /** `dest` has been put at the front of `service.destinations`. */
  added?(dest: Destination): void
  /** Its weight, method or thresholds have changed. */
  edited?(dest: Destination): void
  /** `dest` has been taken out; it stood at `index`. */
  removed?(dest: Destination, index: number): void
  /** Every 60 s, for schedulers that keep a cache. */
  tick?(now: number): void
  /** The service has another scheduler now, or is gone. */
  unbound?(): void
}

/** Public: `uvs director --scheduler ./mine.js` loads one of these. */
export interface Scheduler {
  readonly name: string
  /** `service.destinations` is the kernel's order, newest first; `random` answers unsigned 32-bit numbers. */
  bind(service: Service, random: () => number): BoundScheduler
}
