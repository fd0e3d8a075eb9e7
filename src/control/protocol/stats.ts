/** Totals as of the last 2-second tick, less the zero point (ipvs-behaviour.md §11.2). */
export interface StatsInfo {
  conns: number
  inPkts: number
  outPkts: number
  inBytes: number
  outBytes: number
}

/** Of a second, as the kernel's estimator has them after the last 2-second tick (ipvs-behaviour.md §11.3). */
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
