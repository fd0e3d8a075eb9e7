import type { Destination } from '../service/destination.js'
import { leastByWeight } from './least.js'
import type { Scheduler } from './scheduler.js'

/** What a connection would wait for: those that are active, and itself. */
export function expectedDelay(dest: Destination): number {
  return dest.activeConns + 1
}

/** Shortest expected delay: the least (active + 1) ÷ weight (ipvs-behaviour.md §3.4). Blind to UDP, which is never active. */
export const sed: Scheduler = {
  name: 'sed',
  bind: service => ({ schedule: () => leastByWeight(service.destinations, expectedDelay) }),
}
