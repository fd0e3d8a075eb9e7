import { leastByWeight } from './least.js'
import type { Scheduler } from './scheduler.js'
import { expectedDelay } from './sed.js'

/** Never queue: the first idle server, whatever its weight; if there is none, as sed (ipvs-behaviour.md §3.4). */
export const nq: Scheduler = {
  name: 'nq',
  bind: service => ({
    schedule() {
      const { destinations } = service
      for (let i = 0; i < destinations.length; i++) {
        const dest = destinations[i]!
        if (dest.eligible && dest.activeConns === 0) return dest
      }
      return leastByWeight(destinations, expectedDelay)
    },
  }),
}
