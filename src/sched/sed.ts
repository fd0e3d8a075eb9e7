import type { Destination } from '../service/destination.js'
import { leastByWeight } from './least.js'
import type { Scheduler } from './scheduler.js'
import { ratioView } from './views.js'

/** The load that a new connection would meet: the active connections, and itself. */
export function expectedDelay(dest: Destination): number {
  return dest.activeConns + 1
}

/** Shortest expected delay: the least (active + 1) ÷ weight (ipvs-behaviour.md §3.4). UDP is never active, so does not count. */
export const sed: Scheduler = {
  name: 'sed',
  bind: service => ({
    schedule: () => leastByWeight(service.destinations, expectedDelay),
    view: () => ratioView('the least (active + 1) ÷ weight', expectedDelay),
  }),
}
