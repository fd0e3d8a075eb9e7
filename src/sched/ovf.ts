import type { Destination } from '../service/destination.js'
import { heaviest } from './heaviest.js'
import type { Scheduler } from './scheduler.js'

/** A server takes weight + 1 active connections before it is full. */
const hasRoom = (dest: Destination): boolean => dest.eligible && dest.activeConns <= dest.weight

/** Weighted overflow: the highest weight until it is full, then the next; none when all are full (ipvs-behaviour.md §3.4). */
export const ovf: Scheduler = {
  name: 'ovf',
  bind: service => ({
    schedule: () => heaviest(service.destinations, hasRoom),
    view: () => ({
      rule: 'the highest weight that is not full: no more active connections than its weight',
      of: dest => (hasRoom(dest) ? 'has room' : 'full'),
    }),
  }),
}
