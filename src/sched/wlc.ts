import { leastByWeight } from './least.js'
import { overhead } from './overhead.js'
import type { Scheduler } from './scheduler.js'
import { ratioView } from './views.js'

/** Weighted least connection: the least overhead ÷ weight (ipvs-behaviour.md §3.4). */
export const wlc: Scheduler = {
  name: 'wlc',
  bind: service => ({
    schedule: () => leastByWeight(service.destinations, overhead),
    view: () => ratioView('the least (256 × active + inactive) ÷ weight', overhead),
  }),
}
