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
  /** What it goes by for this flow, for people; it changes nothing. Called just before `schedule`. */
  view?(flow: Flow): SchedulerView
  /** The service has another scheduler now, or has been deleted. */
  unbound?(): void
}

/** How a scheduler sees the real servers. */
export interface SchedulerView {
  /** Whom it chooses, in words: 'the least (256 × active + inactive) ÷ weight'. */
  rule: string
  /** What it knows of one: '513 ÷ 2 = 256.5'. undefined: nothing that matters. */
  of(dest: Destination): string | undefined
}

/** Public: `uvs director --scheduler ./mine.js` loads one of these. */
export interface Scheduler {
  readonly name: string
  /** `service.destinations` is in the kernel's order, newest first; `random` returns unsigned 32-bit numbers. */
  bind(service: Service, random: () => number): BoundScheduler
}
