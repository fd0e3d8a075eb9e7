import type { Scheduler } from './scheduler.js'

/** Before the first destination. */
const HEAD = -1

/**
 * Round robin: from the last choice on to the end, then from the front up to it (ipvs-behaviour.md §3.2). Destinations
 * are added at the front, so a new one waits for the next round.
 */
export const rr: Scheduler = {
  name: 'rr',
  bind: service => {
    /** Index of the last choice. */
    let position = HEAD
    return {
      schedule() {
        const { destinations } = service
        const count = destinations.length
        for (let step = 1; step <= count; step++) {
          // From HEAD the walk covers the list once; from elsewhere it ends at the last choice, which is tried last.
          const at = (position + step) % count
          const dest = destinations[at]!
          if (dest.eligible) {
            position = at
            return dest
          }
        }
        return undefined
      },
      view: () => {
        const { destinations } = service
        const turnOf = (at: number): number => (at - position - 1 + destinations.length) % destinations.length
        return {
          rule: 'the next in the list after the last choice',
          of: dest => `turn ${turnOf(destinations.indexOf(dest)) + 1}`,
        }
      },
      added() {
        if (position !== HEAD) position++
      },
      removed(_dest, index) {
        if (position >= index) position--
      },
    }
  },
}
