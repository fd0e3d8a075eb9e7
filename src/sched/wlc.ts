import type { Destination } from '../service/destination.js'
import { overhead, productExceeds } from './overhead.js'
import type { Scheduler } from './scheduler.js'

/**
 * Weighted least connection: the least overhead ÷ weight, compared by cross-product so that nothing is rounded; the
 * first in the list wins a tie (ipvs-behaviour.md §3.4).
 */
export const wlc: Scheduler = {
  name: 'wlc',
  bind: service => ({
    schedule() {
      const { destinations } = service
      let least: Destination | undefined
      let leastOverhead = 0
      for (let i = 0; i < destinations.length; i++) {
        const dest = destinations[i]!
        if (dest.weight === 0) continue
        const load = overhead(dest)
        if (least === undefined || productExceeds(leastOverhead, dest.weight, load, least.weight)) {
          least = dest
          leastOverhead = load
        }
      }
      return least
    },
  }),
}
