import type { Destination } from '../service/destination.js'
import { heaviest } from './heaviest.js'
import type { Scheduler } from './scheduler.js'

const eligible = (dest: Destination): boolean => dest.eligible

/** Weighted failover: every connection goes to the highest weight that is up (ipvs-behaviour.md §3.4). */
export const fo: Scheduler = {
  name: 'fo',
  bind: service => ({
    schedule: () => heaviest(service.destinations, eligible),
    view: () => ({ rule: 'the highest weight', of: () => undefined }),
  }),
}
