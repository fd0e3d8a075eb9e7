import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LineProcess } from './line-process.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'
import { ours } from '../../netns-lab/tools.js'
import { readWrk, type WrkReport } from '../../netns-lab/wrk-report.js'

const WARM_SECONDS = 1

export interface PacedFigures {
  /** Answers a second: the requested rate, or less if it was not reached. */
  perSecond: number
  /** In µs, from when the request was due. */
  p50: number
  p99: number
}

/** Sends requests at a fixed rate from the client, on 50 persistent connections, for `seconds`, after a run that does not count. */
export async function pacedRequests(
  lab: NetnsLab,
  address: string,
  perSecond: number,
  seconds: number,
): Promise<PacedFigures> {
  const { plan } = lab.options
  const command = [process.execPath, ours('bench/wire/load/paced-requests.js'), address, String(plan.port)]
  const client = new LineProcess(lab.spaces, plan.client.name, 'paced-requests', command)
  try {
    await client.ask(`${perSecond} ${WARM_SECONDS}`)
    return JSON.parse(await client.ask(`${perSecond} ${seconds}`)) as PacedFigures
  } finally {
    await client.end()
  }
}

/** Pause in ms between an answer and the next request. wrk's resolution is 1 ms, so a pause of 1 ms would be 1 to 2. */
const THINK_MS = 5
/** The whole cycle in ms: waking up late and waiting for the answer add about 1.5. */
const CYCLE_MS = 6.5
/** Sockets that wrk may open under the default limit of 1024. */
const MOST_USERS = 900

/** wrk below saturation: `users` connections, each pausing 5 ms after an answer. */
export async function thinkingUsers(
  lab: NetnsLab,
  wrk: string,
  url: string,
  users: number,
  seconds: number,
): Promise<WrkReport> {
  const script = join(lab.spaces.ledger.dir, 'think.lua')
  writeFileSync(script, `function delay() return ${THINK_MS} end\n`)
  const args = ['-t1', `-c${users}`, `-d${seconds}`, '--latency', '-s', script, url]
  return readWrk(await lab.spaces.must('client', wrk, args, (seconds + 30) * 1000))
}

const few = (users: number): number => Math.max(1, Math.min(MOST_USERS, Math.round(users)))

/** How many users make about `perSecond` requests a second here. */
export async function usersFor(lab: NetnsLab, wrk: string, url: string, perSecond: number): Promise<number> {
  const guess = few((perSecond * CYCLE_MS) / 1000)
  const { requestsPerSecond } = await thinkingUsers(lab, wrk, url, guess, WARM_SECONDS)
  return few((guess * perSecond) / requestsPerSecond)
}
