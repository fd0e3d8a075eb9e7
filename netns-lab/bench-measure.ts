import { hostPart } from '../native-free/lab-plan.js'
import { type Figures, readWrk } from './bench-figures.js'
import { benchPlan, type Runner } from './bench-runners.js'
import { readAb } from './load-tool.js'
import { NetnsLab } from './netns-lab.js'
import { which } from './tools.js'

const PREFIX = 'uvs-bench-'
const BIG_OCTETS = 200_000_000
const AB_REQUESTS = 15_000
const LIMIT_MS = 60_000

/**
 * One runner's turn, in namespaces of its own: every load whose tool is installed, each once before it is measured: a
 * runner in JavaScript is compiled by its first traffic, and everybody's caches fill.
 */
export async function measure(runner: Runner, signal: AbortSignal): Promise<Figures> {
  const web = { quiet: true, workers: true, bigOctets: BIG_OCTETS }
  const lab = await NetnsLab.build({ prefix: PREFIX, plan: benchPlan, io: runner.io, signal, web })
  try {
    await runner.start(lab)
    const [wrk, ab, curl] = ['wrk', 'ab', 'curl'].map(which)
    return {
      ...(wrk ? { wrk: await requests(lab, wrk) } : {}),
      ...(ab ? { ab: await connections(lab, ab) } : {}),
      ...(curl ? { curl: await download(lab, curl) } : {}),
    }
  } finally {
    await lab.remove()
  }
}

/** Requests a second on 50 connections that stay open. */
async function requests(lab: NetnsLab, wrk: string): Promise<number> {
  const run = (length: string): Promise<string> => lab.spaces.must('client', wrk, ['-t1', '-c50', length, lab.url])
  await run('-d1')
  return readWrk(await run('-d5'))
}

/** Requests a second with a connection for each, 50 at a time. */
async function connections(lab: NetnsLab, ab: string): Promise<number> {
  const run = async (): Promise<number> => {
    const args = ['-q', '-n', String(AB_REQUESTS), '-c', '50', lab.url]
    const { failed, requestsPerSecond } = readAb(await lab.spaces.must('client', ab, args, LIMIT_MS), AB_REQUESTS, '')
    if (failed > 0) throw new Error(`ab: ${failed} of ${AB_REQUESTS} requests failed`)
    return requestsPerSecond
  }
  await run()
  return run()
}

/** Gbit/s of one download. */
async function download(lab: NetnsLab, curl: string): Promise<number> {
  const fetch = (from: string, url: string): Promise<string> => {
    return lab.spaces.must(from, curl, ['-sfo', '/dev/null', '-w', '%{speed_download}', url], LIMIT_MS)
  }
  const { name, address } = benchPlan.servers[0]!
  await fetch(name, `http://${hostPart(address)}/big`) // not through the runner: the file's pages are made at first reading
  await fetch('client', `${lab.url}big`)
  return (Number(await fetch('client', `${lab.url}big`)) * 8) / 1e9
}
