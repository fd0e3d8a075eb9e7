import { leastByWeight } from './least.js'
import type { Scheduler } from './scheduler.js'
import { expectedDelay } from './sed.js'
import { ratioView } from './views.js'

/** The expected delay at an idle server. */
const IDLE = 1

/** Never queue: the first idle server, whatever its weight; if none is idle, as sed (ipvs-behaviour.md §3.4). */
export const nq: Scheduler = {
  name: 'nq',
  bind: service => ({
    schedule: () => leastByWeight(service.destinations, expectedDelay, IDLE),
    view: () => ratioView('the first that is idle, else the least (active + 1) ÷ weight', expectedDelay),
  }),
}
