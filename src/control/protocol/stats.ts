/**
 * The five counters. In `Counted` as of the last 2-second tick, since the last `zero` (ipvs-behaviour.md §11.2);
 * elsewhere live.
 */
export interface StatsInfo {
  conns: number
  inPkts: number
  outPkts: number
  inBytes: number
  outBytes: number
}

/** Rates a second, as of the last 2-second tick of the estimator (ipvs-behaviour.md §11.3). */
export interface RatesInfo {
  cps: number
  inPps: number
  outPps: number
  inBps: number
  outBps: number
}

export interface Counted {
  stats: StatsInfo
  rates: RatesInfo
}
