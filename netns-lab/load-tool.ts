import type { LoadFigures } from '../native-free/lab-report.js'
import type { Namespaces } from './namespaces.js'
import { ours, which } from './tools.js'

export interface LoadResult extends LoadFigures {
  /** The command as typed in the client's namespace; a description if it is a program of ours. */
  command: string
  /** What kinds of failures ab counted, as it says it; '' where there were none. */
  kinds: string
}

const LIMIT_MS = 120_000

/** Sends `requests` requests to `url`, `concurrency` at a time, a connection each: by ab, else by a program of ours. */
export async function putLoad(
  spaces: Namespaces,
  from: string,
  url: string,
  requests: number,
  concurrency: number,
): Promise<LoadResult> {
  const ab = which('ab')
  if (!ab) {
    const figures = await runOurs(spaces, from, [url, String(requests), String(concurrency)])
    return { command: `${requests} requests of ${url}, ${concurrency} at a time, by Node`, kinds: '', ...figures }
  }
  // -r: a reset connection is a failed request, not the end of the run. -s: a lost request is not the end either.
  const args = ['-q', '-r', '-s', '10', '-n', String(requests), '-c', String(concurrency), url]
  const { out, err } = await spaces.run(from, ab, args, LIMIT_MS)
  return { command: `ab ${args.join(' ')}`, kinds: failureKinds(out), ...readAb(out, requests, err) }
}

/** Sends requests on persistent connections, by a program of ours. */
export function putKeptLoad(
  spaces: Namespaces,
  from: string,
  url: string,
  requests: number,
  connections: number,
): Promise<LoadFigures> {
  return runOurs(spaces, from, [url, String(requests), String(connections), 'kept'])
}

async function runOurs(spaces: Namespaces, from: string, args: readonly string[]): Promise<LoadFigures> {
  const command = [ours('netns-lab/load-program.js'), ...args]
  return JSON.parse(await spaces.must(from, process.execPath, command, LIMIT_MS)) as LoadFigures
}

/** What kinds of failures ab's report tells: 'Connect: 0, Receive: 1, Length: 1, Exceptions: 1'; '' of none. */
export function failureKinds(report: string): string {
  return /^Failed requests: .*\n +\((.*)\)$/m.exec(report)?.[1] ?? ''
}

/** Reads ab's report. Every request that is not reported complete and right has failed. */
export function readAb(report: string, requests: number, err: string): LoadFigures {
  const figure = (label: string): number => Number(new RegExp(`^${label}:? +([\\d.]+)`, 'm').exec(report)?.[1] ?? 0)
  const complete = figure('Complete requests')
  if (complete === 0) throw new Error(`ab: ${err.trim() || 'no request was answered'}`)
  // ab may count one lost request under two kinds of failure, so this figure is rather too high than too low.
  const answered = Math.max(0, complete - figure('Failed requests') - figure('Non-2xx responses'))
  return {
    answered,
    failed: requests - answered,
    seconds: figure('Time taken for tests'),
    requestsPerSecond: figure('Requests per second'),
    p99Ms: figure(' +99%'),
  }
}
