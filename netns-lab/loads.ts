import { join } from 'node:path'
import { fetchUrl, putFile, type Transfer } from './fetch-url.js'
import { putKeptLoad, readAb } from './load-tool.js'
import type { NetnsLab } from './netns-lab.js'
import { which } from './tools.js'
import { FEW_PATH } from './web-server.js'
import { readWrk, type WrkReport } from './wrk-report.js'

const AB_REQUESTS = 15_000
const KEPT_REQUESTS = 50_000
const CONCURRENCY = 50
const LIMIT_MS = 60_000

/* Each load runs once before it is measured, so that a JavaScript runner is compiled, and the caches of every runner are warm. */

/**
 * Requests a second on 50 persistent connections: by wrk for `seconds`, else by `ab -k`, else by a program of ours; only
 * wrk reports latencies. `warm` is called between the first run, which only warms up, and the second, which counts.
 */
export async function keptRequests(
  lab: NetnsLab,
  seconds: number,
  { url = lab.url, warm }: { url?: string; warm?: () => Promise<void> } = {},
): Promise<WrkReport> {
  const run = async (length: number, requests: number): Promise<WrkReport> => {
    const [wrk, ab] = ['wrk', 'ab'].map(which)
    if (wrk) {
      const args = ['-t1', `-c${CONCURRENCY}`, `-d${length}`, '--latency', url]
      return readWrk(await lab.spaces.must('client', wrk, args, (length + 30) * 1000))
    }
    if (ab) return { requestsPerSecond: await runAb(lab, url, ab, requests, ['-k']), requests }
    const { requestsPerSecond } = await putKeptLoad(lab.spaces, 'client', url, requests, CONCURRENCY)
    return { requestsPerSecond, requests }
  }
  await run(1, KEPT_REQUESTS / 5)
  await warm?.()
  return run(seconds, KEPT_REQUESTS)
}

/** Requests a second with a connection each, 50 at a time, by ab. */
export async function connections(
  lab: NetnsLab,
  ab: string,
  { url = lab.url, requests = AB_REQUESTS }: { url?: string; requests?: number | undefined } = {},
): Promise<number> {
  await runAb(lab, url, ab, requests)
  return runAb(lab, url, ab, requests)
}

/** Requests a second on connections that nginx ends after `FEW` requests each, 50 at a time, by ab. */
export async function fewRequests(lab: NetnsLab, ab: string, url: string, requests: number): Promise<number> {
  await runAb(lab, url + FEW_PATH, ab, requests, ['-k'])
  return runAb(lab, url + FEW_PATH, ab, requests, ['-k'])
}

async function runAb(
  lab: NetnsLab,
  url: string,
  ab: string,
  requests: number,
  options: string[] = [],
): Promise<number> {
  const args = ['-q', ...options, '-n', String(requests), '-c', String(CONCURRENCY), url]
  const { failed, requestsPerSecond } = readAb(await lab.spaces.must('client', ab, args, LIMIT_MS), requests, '')
  if (failed > 0) throw new Error(`ab: ${failed} of ${requests} requests failed`)
  return requestsPerSecond
}

/** Gbit/s of downloads, one after another, of the servers' file at `bigPath`. */
export async function download(lab: NetnsLab, { url = lab.url, times = 1 } = {}): Promise<number> {
  const { bigPath } = [...lab.servers.values()][0]!
  const { servers, port } = lab.options.plan
  // Not through the director: the first reading allocates the file's pages.
  for (const { name } of servers) await fetchUrl(lab, `http://127.0.0.1:${port}/${bigPath}`, name)
  return gbitPerSecond(() => fetchUrl(lab, url + bigPath), times)
}

/** Gbit/s of uploads, one after another, of the first server's file at `bigPath`; the servers must take uploads. */
export async function upload(lab: NetnsLab, curl: string, { url = lab.url, times = 1 } = {}): Promise<number> {
  const [name, { bigPath }] = [...lab.servers][0]!
  const file = join(lab.spaces.ledger.dir, name, bigPath)
  return gbitPerSecond(() => putFile(lab, curl, file, `${url}up/big`), times)
}

/** Gbit/s of all transfers together, after one that does not count. */
async function gbitPerSecond(transfer: () => Promise<Transfer>, times: number): Promise<number> {
  await transfer()
  let [octets, seconds] = [0, 0]
  for (let i = 0; i < times; i++) {
    const one = await transfer()
    octets += one.octets
    seconds += one.seconds
  }
  return (octets * 8) / seconds / 1e9
}
