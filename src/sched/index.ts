import { dh } from './dh.js'
import { fo } from './fo.js'
import { lblc } from './lblc.js'
import { lblcr } from './lblcr.js'
import { lc } from './lc.js'
import { fleetMh, mh } from './mh.js'
import { none } from './none.js'
import { nq } from './nq.js'
import { ovf } from './ovf.js'
import { rr } from './rr.js'
import type { Scheduler } from './scheduler.js'
import { sed } from './sed.js'
import { fleetSh, sh } from './sh.js'
import { wlc } from './wlc.js'
import { wrr } from './wrr.js'

/** The schedulers by the names that `ipvsadm -s` takes. */
export const schedulers: ReadonlyMap<string, Scheduler> = new Map(
  [rr, wrr, lc, wlc, sed, nq, sh, dh, lblc, lblcr, mh, fo, ovf, none].map(s => [s.name, s]),
)

/** Those that choose by the rules alone, where the kernel's go by what was before too: for one of several directors. */
export const fleetSchedulers: readonly Scheduler[] = [fleetMh, fleetSh]
