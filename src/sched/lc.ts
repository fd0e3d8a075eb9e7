import type { Destination } from '../service/destination.js'
import { overhead } from './overhead.js'
import type { Scheduler } from './scheduler.js'

/** Least connection: the least overhead among weights above 0; the first in the list wins a tie (ipvs-behaviour.md §3.4). */
export const lc: Scheduler = {
  name: 'lc',
  bind: service => ({
    schedule() {
      const { destinations } = service
      let least: Destination | undefined
      let leastOverhead = Infinity
      for (let i = 0; i < destinations.length; i++) {
        const dest = destinations[i]!
        if (!dest.eligible) continue
        const load = overhead(dest)
        if (load < leastOverhead) {
          least = dest
          leastOverhead = load
        }
      }
      return least
    },
    view: () => ({ rule: 'the least 256 × active + inactive', of: dest => String(overhead(dest)) }),
  }),
}
