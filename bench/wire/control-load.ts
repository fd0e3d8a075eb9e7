/*
 * The effect of control socket requests on traffic: wrk through a director, quiet and under a steady rate of requests by
 * turns, so that other activity on the host affects both alike.
 */
import { benchPlan } from './topology.js'
import type { ControlFigures } from './control-client.js'
import type { DirectorProcess } from '../../netns-lab/director-process.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'
import { must } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'
import { rules } from '../../native-free/lab-plan.js'
import { readWrk } from '../../netns-lab/wrk-report.js'

export interface TrafficFigures {
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
}

export interface Round {
  quiet: TrafficFigures
  loaded: TrafficFigures
  control: ControlFigures
}

export interface LoadOptions {
  rounds: number
  seconds: number
  perSecond: number
}

export async function startForLoad(lab: NetnsLab): Promise<DirectorProcess> {
  const director = await lab.startDirector()
  for (const rule of rules(benchPlan('nat'))) {
    const { status, err } = await director.admin(rule)
    if (status !== 0) throw new Error(`uvsadm ${rule.join(' ')}: ${err.trim()}`)
  }
  return director
}

/** Each round: a quiet run, then one under load. */
export async function* controlLoad(lab: NetnsLab, path: string, options: LoadOptions): AsyncGenerator<Round> {
  const { rounds, seconds, perSecond } = options
  await traffic(lab, 1)
  for (let round = 0; round < rounds; round++) {
    const quiet = await traffic(lab, seconds)
    const [loaded, control] = await Promise.all([traffic(lab, seconds), load(path, perSecond, seconds)])
    yield { quiet, loaded, control }
  }
}

async function load(path: string, perSecond: number, seconds: number): Promise<ControlFigures> {
  const args = [ours('bench/wire/control-client.js'), path, String(perSecond), String(seconds)]
  return JSON.parse(await must(process.execPath, args, { timeoutMs: (seconds + 120) * 1000 })) as ControlFigures
}

async function traffic(lab: NetnsLab, seconds: number): Promise<TrafficFigures> {
  const args = ['-t1', '-c50', `-d${seconds}`, '--latency', lab.url]
  const report = await lab.spaces.must('client', 'wrk', args, (seconds + 120) * 1000)
  return {
    requestsPerSecond: readWrk(report).requestsPerSecond,
    p50Ms: percentile(report, 50),
    p99Ms: percentile(report, 99),
  }
}

const MS: Record<string, number> = { us: 0.001, ms: 1, s: 1000 }

/** '     99%    2.51ms' of `wrk --latency`, in ms. */
export function percentile(report: string, share: number): number {
  const [, figure, unit = ''] = new RegExp(`^ +${share}% +([\\d.]+)(us|ms|s)$`, 'm').exec(report) ?? []
  const ms = Number(figure) * (MS[unit] ?? NaN)
  if (!(ms >= 0)) throw new Error(`wrk: no ${share}% latency`)
  return ms
}
