import { LineProcess } from './line-process.js'
import type { NetnsLab } from './netns-lab.js'
import { ours } from './tools.js'

const WARM_SECONDS = 1

export interface PacedFigures {
  /** Answers a second: the rate asked for, or what was left of it. */
  perSecond: number
  /** In µs, from when the request was due. */
  p50: number
  p99: number
}

/** Requests at a fixed rate from the client, on 50 connections that stay open, for so many seconds after one that does not count. */
export async function pacedRequests(
  lab: NetnsLab,
  address: string,
  perSecond: number,
  seconds: number,
): Promise<PacedFigures> {
  const { plan } = lab.options
  const command = [process.execPath, ours('netns-lab/paced-requests.js'), address, String(plan.port)]
  const client = new LineProcess(lab.spaces, plan.client.name, 'paced-requests', command)
  try {
    await client.ask(`${perSecond} ${WARM_SECONDS}`)
    return JSON.parse(await client.ask(`${perSecond} ${seconds}`)) as PacedFigures
  } finally {
    await client.end()
  }
}
