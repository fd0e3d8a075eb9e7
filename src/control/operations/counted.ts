import type { Director } from '../../director/director.js'
import { Counter, TOTALS, type Counters } from '../../service/counters.js'
import type { TotalsInfo } from '../protocol/figures.js'
import type { Counted, StatsInfo } from '../protocol/stats.js'

/* Counters of a service, a real server or TOTALS, by row. */

/** For services and real servers that are not served. */
export const NOTHING_COUNTED: Counted = {
  stats: { conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 },
  rates: { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 },
}

/** Shown counters: as of the last tick, since the last `zero`. */
export function shownOf({ balancing: { counters } }: Director, row: number): Counted {
  return {
    stats: statsInfo(counter => counters.shown(row, counter)),
    rates: {
      cps: counters.rate(row, Counter.CONNS),
      inPps: counters.rate(row, Counter.IN_PKTS),
      outPps: counters.rate(row, Counter.OUT_PKTS),
      inBps: counters.rate(row, Counter.IN_BYTES),
      outBps: counters.rate(row, Counter.OUT_BYTES),
    },
  }
}

/** Live counters, since the row was allocated. */
export function liveOf(counters: Counters, row: number): StatsInfo {
  return statsInfo(counter => counters.live(row, counter))
}

export function totalsInfo(director: Director): TotalsInfo {
  const live = liveOf(director.balancing.counters, TOTALS)
  return { ...shownOf(director, TOTALS), live, workers: [live] }
}

function statsInfo(read: (counter: number) => number): StatsInfo {
  return {
    conns: read(Counter.CONNS),
    inPkts: read(Counter.IN_PKTS),
    outPkts: read(Counter.OUT_PKTS),
    inBytes: read(Counter.IN_BYTES),
    outBytes: read(Counter.OUT_BYTES),
  }
}
