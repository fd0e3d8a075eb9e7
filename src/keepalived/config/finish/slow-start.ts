import type { Place, Report } from '../report.js'
import type { RealServer } from '../tree/virtual-server.js'

/** Schedulers that look at no weight but 0. */
const UNWEIGHTED: readonly string[] = ['rr', 'lc', 'dh']

/** A slow_start that can do nothing. */
export function warnOfSlowStart(
  { name: service, scheduler, at }: { name: string; scheduler: string | undefined; at: Place | undefined },
  servers: readonly RealServer[],
  report: Report,
): void {
  const growing = servers.filter(({ slowStartMs }) => slowStartMs)
  if (growing.length === 0) return
  if (scheduler !== undefined && UNWEIGHTED.includes(scheduler)) {
    const text = `Virtual server ${service}: slow_start does nothing with lb_algo ${scheduler}, which has no weights`
    report.add('warning', at, text, `write lb_algo w${scheduler === 'dh' ? 'rr' : scheduler}`)
  }
  for (const { address, port } of growing.filter(({ weight }) => weight < 2)) {
    const text = `Virtual server ${service}: slow_start of ${address} ${port} does nothing: a weight of 1 or 0 cannot grow`
    report.add('warning', at, text, 'give all its servers a larger weight, such as weight 100')
  }
}
