import { lc } from './lc.js'
import { rr } from './rr.js'
import type { Scheduler } from './scheduler.js'
import { wlc } from './wlc.js'
import { wrr } from './wrr.js'

/** The schedulers by the names that `ipvsadm -s` takes. */
export const schedulers: ReadonlyMap<string, Scheduler> = new Map([rr, wrr, lc, wlc].map(s => [s.name, s]))
