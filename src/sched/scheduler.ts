import type { Flow } from '../packet/flow.js'
import type { Destination } from '../service/destination.js'
import type { Service } from '../service/service.js'

/** What a scheduler may know of the packet that needs a server. */
export type { Flow }

/** A scheduler's state for one service. */
export interface BoundScheduler {
  /** The destination for the connection, or undefined to refuse it. */
  schedule(flow: Flow, nowMs: number): Destination | undefined
  /** `dest` has been put at the front of `service.destinations`. */
  added?(dest: Destination): void
  /** Its weight, method or thresholds have changed. */
  edited?(dest: Destination): void
  /** `dest` has been removed; its index was `index`. */
  removed?(dest: Destination, index: number): void
  /** Every 60 s, for schedulers that keep a cache. */
  tick?(nowMs: number): void
  /** The service has another scheduler now, or has been deleted. */
  unbound?(): void
}

/** Public: `uvs director --scheduler ./mine.js` loads one of these. */
export interface Scheduler {
  readonly name: string
  /** `service.destinations` is in the kernel's order, newest first; `random` returns unsigned 32-bit numbers. */
  bind(service: Service, random: () => number): BoundScheduler
}
