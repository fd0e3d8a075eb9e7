import type { LoadFigures } from '../native-free/lab-report.js'
import type { Namespaces } from './namespaces.js'
import { autocannon, which } from './tools.js'

export interface LoadResult extends LoadFigures {
  /** The command, as one would type it in the client's namespace. */
  command: string
}

const LIMIT_MS = 120_000

/** Puts `requests` requests on `url`, `concurrency` at a time: by ab, a connection each, else by autocannon. */
export async function putLoad(
  spaces: Namespaces,
  from: string,
  url: string,
  requests: number,
  concurrency: number,
): Promise<LoadResult> {
  const ab = which('ab')
  const both = ['-c', String(concurrency), url]
  if (ab) {
    // -r: a reset connection is a failed request, not the end of the run. -s: neither is a lost one.
    const args = ['-q', '-r', '-s', '10', '-n', String(requests), ...both]
    const { out, err } = await spaces.run(from, ab, args, LIMIT_MS)
    return { command: `ab ${args.join(' ')}`, ...readAb(out, requests, err) }
  }
  // Its connections stay open: with -D 1, a connection a request, autocannon 9.0 counts no answer at all.
  const args = ['-j', '-a', String(requests), ...both]
  const { out, err } = await spaces.run(from, process.execPath, [autocannon(), ...args], LIMIT_MS)
  return { command: `autocannon ${args.join(' ')}`, ...readAutocannon(out, requests, err) }
}

/** Reads ab's report. Every request that it does not call complete and right has failed. */
export function readAb(report: string, requests: number, err: string): LoadFigures {
  const figure = (label: string): number => Number(new RegExp(`^${label}:? +([\\d.]+)`, 'm').exec(report)?.[1] ?? 0)
  const complete = figure('Complete requests')
  if (complete === 0) throw new Error(`ab: ${err.trim() || 'no request was answered'}`)
  // One lost request may be counted twice among ab's kinds of failure, so this errs on the side of failure.
  const answered = Math.max(0, complete - figure('Failed requests') - figure('Non-2xx responses'))
  return {
    answered,
    failed: requests - answered,
    seconds: figure('Time taken for tests'),
    requestsPerSecond: figure('Requests per second'),
    p99Ms: figure(' +99%'),
  }
}

interface AutocannonReport {
  '2xx': number
  duration: number
  requests: { average: number }
  latency: { p99: number }
}

/** Reads autocannon's JSON. */
export function readAutocannon(report: string, requests: number, err: string): LoadFigures {
  if (!report.startsWith('{')) throw new Error(`autocannon: ${err.trim() || 'no report'}`)
  const { duration, latency, '2xx': answered } = JSON.parse(report) as AutocannonReport
  const requestsPerSecond = Math.round(answered / duration)
  return { answered, failed: requests - answered, seconds: duration, requestsPerSecond, p99Ms: latency.p99 }
}
