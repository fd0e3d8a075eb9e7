/** The figures of wrk's report. */
export interface WrkReport {
  requests: number
  requestsPerSecond: number
  /** The median latency in µs; absent without --latency, as is the next. */
  p50?: number
  p99?: number
}

const MICROSECONDS = { us: 1, ms: 1e3, s: 1e6, m: 6e7 } as const

/** Reads wrk's report. Throws if some requests had no answer, or an answer other than 2xx or 3xx. */
export function readWrk(report: string): WrkReport {
  const trouble = /^ *(Socket errors: .*|Non-2xx.*)$/m.exec(report)?.[1]
  const requestsPerSecond = Number(/^Requests\/sec: +([\d.]+)$/m.exec(report)?.[1])
  // '  139652 requests in 2.00s, 23.97MB read'
  const requests = Number(/^ *(\d+) requests in /m.exec(report)?.[1])
  if (trouble || !(requestsPerSecond > 0) || !(requests > 0)) throw new Error(`wrk: ${trouble ?? 'no figure'}`)
  const [p50, p99] = [percentile(report, 50), percentile(report, 99)]
  return {
    requests,
    requestsPerSecond,
    ...(p50 === undefined ? {} : { p50 }),
    ...(p99 === undefined ? {} : { p99 }),
  }
}

/** '     99%    1.24ms' → 1240 */
function percentile(report: string, percent: number): number | undefined {
  const [, value, unit] = new RegExp(`^ +${percent}%\\s+([\\d.]+)(us|ms|s|m)$`, 'm').exec(report) ?? []
  return unit === undefined ? undefined : Math.round(Number(value) * MICROSECONDS[unit as keyof typeof MICROSECONDS])
}
