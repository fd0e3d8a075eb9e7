import { setTimeout as sleep } from 'node:timers/promises'
import { pathLines } from '../native-free/lab-path.js'
import { type LabPlan, rules } from '../native-free/lab-plan.js'
import {
  checkLine,
  type LabReport,
  type LoadFigures,
  serverReports,
  speedLine,
  spreadLine,
} from '../native-free/lab-report.js'
import { countedLine } from './counted-connections.js'
import { gatherEvidence } from './evidence.js'
import { DirectorProcess } from './director-process.js'
import { putLoad } from './load-tool.js'
import { hardware } from './hardware.js'
import { modeChecks } from './mode-checks.js'
import { NetnsLab } from './netns-lab.js'
import { realServerArguments } from './real-server.js'
import { which } from './tools.js'
import { readWrk } from './wrk-report.js'
import { traceRequest } from './trace.js'

/** Statistics become visible every 2 seconds (ipvs-behaviour.md §11.2), somewhat later where the machine is busy. */
const TICK_MS = 3000

export interface DemoOptions {
  plan: LabPlan
  io: 'raw' | 'tap'
  prefix: string
  requests: number
  concurrency: number
  print: (line: string) => void
  signal: AbortSignal
}

/** The size in octets of the download whose path is checked. */
const BIG_OCTETS = 20_000_000

/** Builds the lab, runs a load through it, prints what a user would type and see, and removes the lab, whatever happens. */
export async function netnsDemo(options: DemoOptions): Promise<LabReport> {
  const { print, signal, plan, io } = options
  if (!which('nginx')) print('nginx is not installed: using Node servers')
  if (!which('ab')) print('ab is not installed: using a program of ours')
  const lab = await NetnsLab.build({ ...options, web: { bigOctets: BIG_OCTETS } })
  try {
    const realServer = realServerArguments(plan)?.join(' ')
    if (realServer) for (const { name } of plan.servers) print(`${name}$ uvs ${realServer}`)
    const director = await lab.startDirector()
    print(`director$ uvs ${DirectorProcess.arguments(plan, io, director.control).join(' ')}`)
    const admin = async (args: string[]): Promise<void> => {
      print(`director$ uvsadm ${args.join(' ')}`)
      const { status, out, err } = await director.admin(args, signal)
      if (status !== 0) throw new Error(`uvsadm ${args.join(' ')}: status ${status}: ${err.trim()}`)
      if (out) print(out.replace(/\n$/, ''))
    }
    for (const rule of rules(plan)) await admin(rule)

    const path = await traceRequest(lab)
    print(which('curl') ? `client$ curl ${lab.url}` : `client: GET ${lab.url}, by Node`)
    for (const line of pathLines(path)) print(line)

    const load = await balanceLoad(lab, options)
    await admin(['-Ln'])
    await sleep(TICK_MS, undefined, { signal })
    await admin(['-Ln', '--stats'])
    const counted = countedLine(plan.mode, await lab.connectionsOpened(), await connectionsCounted(director, signal))
    if (counted !== undefined) print(counted)

    const checks = modeChecks(await gatherEvidence(lab, director, path))
    const checksumErrors = await lab.checksumErrors()
    const run = { mode: plan.mode, io, requests: options.requests, concurrency: options.concurrency }
    const report: LabReport = { ...run, ...load, checksumErrors, ...hardware(), path, checks }
    print(spreadLine(report))
    for (const check of checks) print(checkLine(check))
    return report
  } finally {
    await lab.remove()
  }
}

async function connectionsCounted(director: DirectorProcess, signal: AbortSignal): Promise<number> {
  const { out } = await director.admin(['-L', '--json'], signal)
  const { services } = JSON.parse(out) as { services: { stats: { conns: number } }[] }
  return services.reduce((sum, { stats }) => sum + stats.conns, 0)
}

type Load = Pick<LabReport, keyof LoadFigures | 'load' | 'connections' | 'servers' | 'wrk'>

/** Runs the load, then wrk's, and counts the results at both ends. */
async function balanceLoad(lab: NetnsLab, { plan, requests, concurrency, print }: DemoOptions): Promise<Load> {
  const answered = (name: string): number => lab.servers.get(name)!.answered()
  const before = new Map(plan.servers.map(({ name }) => [name, answered(name)]))
  const begun = await lab.connectionsOpened()
  const { command, ...figures } = await putLoad(lab.spaces, 'client', lab.url, requests, concurrency)
  const connections = (await lab.connectionsOpened()) - begun
  const servers = serverReports(plan, name => answered(name) - before.get(name)!)
  print(which('ab') ? `client$ ${command}` : `client: ${command}`)
  print(speedLine(figures))
  if (connections > requests) print(`(It began ${connections} connections for ${requests} requests.)`)

  const load = { ...figures, load: command, connections, servers }
  const wrk = which('wrk')
  if (!wrk) return load
  const args = ['-t1', '-c50', '-d1', lab.url]
  print(`client$ wrk ${args.join(' ')}`)
  const { requestsPerSecond } = readWrk(await lab.spaces.must('client', wrk, args))
  print(`${Math.round(requestsPerSecond)} a second`)
  return { ...load, wrk: { command: `wrk ${args.join(' ')}`, requestsPerSecond } }
}
