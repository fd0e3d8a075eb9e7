import { writeFileSync } from 'node:fs'
import { natPlan } from '../../../native-free/lab-plan.js'
import { type LabReport, machineLine, succeeded } from '../../../native-free/lab-report.js'
import { simDemo } from '../../../native-free/sim-demo.js'
import { netnsDemo } from '../../../netns-lab/demo.js'
import { type LabOptions, type LabRequest, LabUsageError, parseLab } from '../../../netns-lab/lab-request.js'
import { machine } from '../../../netns-lab/machine.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { labDown, labExec, labUp } from '../../../netns-lab/standing-lab.js'
import { topology } from '../../../netns-lab/tools.js'
import { untilStopped } from '../../../netns-lab/until-stopped.js'
import { localControl } from '../../control/execute.js'
import { uvsadm } from '../uvsadm/run.js'
import type { UvsCommand } from './command.js'

const REQUESTS = 5000
const CONCURRENCY = 100

export const lab: UvsCommand = {
  name: 'lab',
  usage: 'lab nat [--io raw|tap|sim] [--json FILE] | lab up [nat] [--io raw|tap] | lab exec NS CMD… | lab down',
  help: `A balancer between a client and two real servers, in network namespaces or on a simulated network.
nat   builds it, puts ${REQUESTS} requests on it, prints the tables, removes it. Simulated without root or /dev/net/tun.
up    builds it to play in. exec runs a command in client, director, rs1 or rs2. down removes it.
UVS_LAB_PREFIX, uvs-nat- unless set, is what the namespaces' names begin with.`,
  async run(args) {
    try {
      return await perform(parseLab(args), prefixFrom(process.env['UVS_LAB_PREFIX']))
    } catch (error) {
      const { message } = error as Error
      return complain(message, error instanceof LabUsageError ? 2 : 1)
    }
  },
}

function prefixFrom(text = 'uvs-nat'): string {
  if (!/^\w[\w.-]{0,39}$/.test(text))
    throw new LabUsageError(`UVS_LAB_PREFIX '${text}': letters, digits, - and . only, at most 40`)
  return text.endsWith('-') ? text : `${text}-`
}

function complain(message: string, status: number): number {
  process.stderr.write(`uvs lab: ${message}\n`)
  return status
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function perform(request: LabRequest, prefix: string): Promise<number> {
  if (request.do === 'demo') return demo(request, prefix)
  const why = await whyNoNamespaces()
  if (why) return complain(why, 1)
  if (request.do === 'exec') return labExec(prefix, request.space, request.command)
  if (request.do === 'down') return labDown(prefix, print)
  return untilStopped(signal => labUp({ prefix, plan: natPlan, io: request.io, signal }, print))
}

async function demo({ io, json }: LabOptions, prefix: string): Promise<number> {
  const why = io === 'sim' ? undefined : await whyNoNamespaces()
  if (io && why) return complain(`--io ${io}: ${why}; --io sim needs nothing`, 1)
  const simulated = io === 'sim' || why !== undefined
  print(`uvs lab nat --io ${simulated ? 'sim' : (io ?? 'raw')}`)
  if (why) print(`The network is simulated, because ${why}.`)
  print(`${topology()}\n${machineLine(machine())}`)
  return untilStopped(async signal => {
    const load = { plan: natPlan, requests: REQUESTS, concurrency: CONCURRENCY, print }
    const report = await (simulated ? inMemory(load, why) : netnsDemo({ ...load, io: io ?? 'raw', prefix, signal }))
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
    return succeeded(report) ? 0 : 1
  })
}

type Load = Pick<Parameters<typeof simDemo>[0], 'plan' | 'requests' | 'concurrency' | 'print'>

function inMemory(load: Load, why?: string): Promise<LabReport> {
  return simDemo({
    ...load,
    admin: (args, director) => uvsadm(args, localControl(director)),
    machine: machine(),
    ...(why ? { fallback: why } : {}),
  })
}
