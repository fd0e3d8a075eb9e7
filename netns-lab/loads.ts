import { readWrk, readWrkCount } from './bench-figures.js'
import { fetchUrl } from './fetch-url.js'
import { putLoad, readAb } from './load-tool.js'
import type { NetnsLab } from './netns-lab.js'
import { which } from './tools.js'

const AB_REQUESTS = 15_000
const KEPT_REQUESTS = 50_000
const CONCURRENCY = 50
const LIMIT_MS = 60_000

export interface KeptRequests {
  requestsPerSecond: number
  requests: number
}

/* Each load once before it is measured: a runner in JavaScript is compiled by its first traffic, and everybody's caches fill. */

/**
 * Requests a second on 50 connections that stay open: by wrk for so many seconds, else by `ab -k`, else by autocannon.
 * `warm` is called between the first, which only warms, and the second, which counts.
 */
export async function keptRequests(lab: NetnsLab, seconds: number, warm?: () => Promise<void>): Promise<KeptRequests> {
  const run = async (length: number, requests: number): Promise<KeptRequests> => {
    const [wrk, ab] = ['wrk', 'ab'].map(which)
    if (wrk) {
      const report = await lab.spaces.must('client', wrk, ['-t1', `-c${CONCURRENCY}`, `-d${length}`, lab.url])
      return { requestsPerSecond: readWrk(report), requests: readWrkCount(report) }
    }
    if (ab) return { requestsPerSecond: await runAb(lab, ab, requests, ['-k']), requests }
    const { requestsPerSecond } = await putLoad(lab.spaces, 'client', lab.url, requests, CONCURRENCY)
    return { requestsPerSecond, requests }
  }
  await run(1, KEPT_REQUESTS / 5)
  await warm?.()
  return run(seconds, KEPT_REQUESTS)
}

/** Requests a second with a connection for each, 50 at a time, by ab. */
export async function connections(lab: NetnsLab, ab: string, requests = AB_REQUESTS): Promise<number> {
  await runAb(lab, ab, requests)
  return runAb(lab, ab, requests)
}

async function runAb(lab: NetnsLab, ab: string, requests: number, options: string[] = []): Promise<number> {
  const args = ['-q', ...options, '-n', String(requests), '-c', String(CONCURRENCY), lab.url]
  const { failed, requestsPerSecond } = readAb(await lab.spaces.must('client', ab, args, LIMIT_MS), requests, '')
  if (failed > 0) throw new Error(`ab: ${failed} of ${requests} requests failed`)
  return requestsPerSecond
}

/** Gbit/s of one download of what the servers have at `bigPath`. */
export async function download(lab: NetnsLab): Promise<number> {
  const { bigPath } = [...lab.servers.values()][0]!
  const { servers, port } = lab.options.plan
  // Not through the director: the file's pages are made at first reading.
  for (const { name } of servers) await fetchUrl(lab, `http://127.0.0.1:${port}/${bigPath}`, name)
  await fetchUrl(lab, lab.url + bigPath)
  const { octets, seconds } = await fetchUrl(lab, lab.url + bigPath)
  return (octets * 8) / seconds / 1e9
}
