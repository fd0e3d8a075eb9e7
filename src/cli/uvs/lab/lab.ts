import { writeFileSync } from 'node:fs'
import { LAB_MODES, type LabMode } from '../../../../native-free/lab-plan.js'
import { hardwareLine, type LabReport, succeeded } from '../../../../native-free/lab-report.js'
import { simDemo } from '../../../../native-free/sim-demo.js'
import { besideDemo } from '../../../../netns-lab/beside/beside-demo.js'
import { besideUp } from '../../../../netns-lab/beside/beside-up.js'
import { fleetDemo, whyNoFleet } from '../../../../netns-lab/fleet/fleet-demo.js'
import { fleetUp } from '../../../../netns-lab/fleet/fleet-up.js'
import { haDemo } from '../../../../netns-lab/ha/ha-demo.js'
import type { Peer } from '../../../../netns-lab/ha/ha-plan.js'
import { haUp } from '../../../../netns-lab/ha/ha-up.js'
import { compareModes } from '../../../../netns-lab/compare.js'
import { netnsDemo } from '../../../../netns-lab/demo.js'
import { mustBeWritable } from '../../../../netns-lab/writable.js'
import type { LabOptions, LabRequest } from '../../../../netns-lab/lab-request.js'
import { hardware } from '../../../../netns-lab/hardware.js'
import { PLANS } from '../../../../netns-lab/plans.js'
import { whyNoNamespaces } from '../../../../netns-lab/requirements.js'
import { labDown, labExec, labUp } from '../../../../netns-lab/standing-lab.js'
import { topology } from '../../../../netns-lab/tools.js'
import { untilStopped } from '../../../../netns-lab/until-stopped.js'
import { localControl } from '../../../control/operations/execute.js'
import { UsageError } from '../../../director/options.js'
import { uvsadm } from '../../uvsadm/run.js'
import type { UvsCommand } from '../command.js'
import { LAB_FORMS, labRequest } from './lab-options.js'
import { readOptions } from '../options/read-options.js'

const REQUESTS = 5000
const CONCURRENCY = 100

export const lab: UvsCommand = {
  name: 'lab',
  help: `A balancer between a client and two real servers, in network namespaces.
A mode builds it, shows the path of one request and of its reply, puts ${REQUESTS} requests on it, prints the tables, checks what
makes the mode what it is, removes it. nat --io sim is in memory, and so is nat without root.
beside has uvs on a host whose kernel holds the VIP and serves: it takes the director through start, rules, load, stop and
kill -9, and shows who took what, the kernel or the real servers. The other modes have the interfaces for themselves.
ha has two directors with one keepalived.conf, --peer keepalived the real keepalived's VRRP on the second: under load a real server
and the master die and come back, the master's cable is pulled; it prints a timeline, and what failed when. It takes a minute.
fleet has three directors side by side behind a router that shares flows among them by BGP (BIRD): one is added, killed with -9, cut off,
drained, under long downloads and ab; a table says what moved and what broke. It takes two minutes; --short one.
all puts the same load through every mode, and prints one table. up builds a lab to play in, nat unless told; exec runs a
command in client, director, rs1, … of it; down removes it.
The namespaces' names begin with uvs-MODE-, or with UVS_LAB_PREFIX if that is set.`,
  forms: LAB_FORMS,
  async run(args) {
    return perform(labRequest(readOptions(lab, args)), prefixFrom(process.env['UVS_LAB_PREFIX']))
  },
}

type LabName = LabMode | 'beside' | 'ha' | 'fleet' | 'all'

/** The prefix of a lab, as a function of its mode. */
function prefixFrom(text: string | undefined): (mode: LabName) => string {
  if (text === undefined) return mode => `uvs-${mode}-`
  if (!/^\w[\w.-]{0,39}$/.test(text))
    throw new UsageError(`UVS_LAB_PREFIX '${text}': letters, digits, - and . only, at most 40`)
  return () => (text.endsWith('-') ? text : `${text}-`)
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function perform(request: LabRequest, prefixOf: (mode: LabName) => string): Promise<number> {
  if (request.do === 'demo') return demo(request, prefixOf(request.mode))
  const why = await whyNoNamespaces()
  if (why) throw new Error(why)
  const prefixes = [
    ...new Set([...LAB_MODES, 'beside' as const, 'ha' as const, 'fleet' as const, 'all' as const].map(prefixOf)),
  ]
  if (request.do === 'exec') return labExec(prefixes, request.space, request.command)
  if (request.do === 'down') return labDown(prefixes, print)
  if (request.do === 'all') {
    const { do: _, ...options } = request
    if (options.json !== undefined) mustBeWritable(options.json)
    return untilStopped(signal => compareModes({ ...options, prefix: prefixOf('all'), print, signal }))
  }
  if (request.do === 'beside') return beside(prefixOf('beside'), request.json)
  if (request.do === 'ha') return ha(prefixOf('ha'), request.peer, request.json)
  if (request.do === 'fleet') return fleet(prefixOf('fleet'), request.isShort, request.json)
  if (request.mode === 'fleet') mayBeFleet()
  return untilStopped(signal => up(request, prefixOf(request.mode), signal))
}

function up(request: LabRequest & { do: 'up' }, prefix: string, signal: AbortSignal): Promise<number> {
  if (request.mode === 'ha') return haUp({ prefix, peer: request.peer, signal }, print)
  if (request.mode === 'fleet') return fleetUp({ prefix, signal }, print)
  if (request.mode === 'beside') return besideUp({ prefix, signal }, print)
  return labUp({ prefix, plan: PLANS[request.mode], io: request.io, signal }, print)
}

async function ha(prefix: string, peer: Peer, json: string | undefined): Promise<number> {
  if (json !== undefined) mustBeWritable(json)
  print(`uvs lab ha --peer ${peer}`)
  print(`${topology('ha')}\n${hardwareLine(hardware())}`)
  return untilStopped(async signal => {
    const report = await haDemo({ prefix, peer, print, signal })
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
    return report.checks.every(({ holds }) => holds) ? 0 : 1
  })
}

/** Throws one line where the lab of a fleet cannot be. */
function mayBeFleet(): void {
  const why = whyNoFleet()
  if (why !== undefined) throw new Error(why)
}

async function fleet(prefix: string, isShort: boolean, json: string | undefined): Promise<number> {
  mayBeFleet()
  if (json !== undefined) mustBeWritable(json)
  print(`uvs lab fleet${isShort ? ' --short' : ''}`)
  print(`${topology('fleet')}\n${hardwareLine(hardware())}`)
  return untilStopped(async signal => {
    const report = await fleetDemo({ prefix, isShort, print, signal })
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
    return report.checks.every(({ holds }) => holds) ? 0 : 1
  })
}

async function beside(prefix: string, json: string | undefined): Promise<number> {
  if (json !== undefined) mustBeWritable(json)
  print('uvs lab beside')
  print(`${topology('beside')}\n${hardwareLine(hardware())}`)
  return untilStopped(async signal => {
    const load = { requests: REQUESTS, concurrency: CONCURRENCY }
    const report = await besideDemo({ ...load, prefix, print, signal })
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
    return report.checksumErrors === 0 && report.checks.every(({ holds }) => holds) ? 0 : 1
  })
}

async function demo({ mode, io, json }: LabOptions & { mode: LabMode }, prefix: string): Promise<number> {
  const why = io === 'sim' ? undefined : await whyNoNamespaces()
  if (mode !== 'nat' && (io === 'sim' || why)) {
    throw new Error(`${mode} needs network namespaces${why ? `, and ${why}` : ''}; only nat can be simulated`)
  }
  if (io && why) throw new Error(`--io ${io}: ${why}; --io sim needs nothing`)
  if (json !== undefined) mustBeWritable(json)
  const simulated = io === 'sim' || why !== undefined
  print(`uvs lab ${mode} --io ${simulated ? 'sim' : (io ?? 'raw')}`)
  if (why) print(`The network is simulated, because ${why}.`)
  print(`${topology(mode)}\n${hardwareLine(hardware())}`)
  return untilStopped(async signal => {
    const load = { plan: PLANS[mode], requests: REQUESTS, concurrency: CONCURRENCY, print }
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
    hardware: hardware(),
    ...(why ? { fallback: why } : {}),
  })
}
