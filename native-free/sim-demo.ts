import type { Director } from '../src/director/director.js'
import type { Outcome } from '../src/control/protocol/api.js'
import { directorAddresses, type LabPlan, rules } from './lab-plan.js'
import { type Hardware, type LabReport, serverReports, speedLine, spreadLine } from './lab-report.js'
import { SimLab } from './sim-lab.js'

export interface SimDemoOptions {
  plan: LabPlan
  requests: number
  concurrency: number
  print: (line: string) => void
  /** Runs uvsadm on a director in this process. */
  admin: (args: string[], director: Director) => Promise<Outcome>
  hardware: Hardware
  fallback?: string
}

const SEED = 1

/** The lab's demonstration on the simulated network: the same rules, load and report as with namespaces. */
export async function simDemo(options: SimDemoOptions): Promise<LabReport> {
  const { plan, requests, concurrency, print, hardware, fallback } = options
  const lab = new SimLab(plan, { seed: SEED })
  const addresses = directorAddresses(plan).map(address => `--address ${address}`)
  print(`director: in this process, as with ${addresses.join(' ')}`)
  const admin = async (args: string[]): Promise<void> => {
    print(`director$ uvsadm ${args.join(' ')}`)
    const { status, out, err } = await options.admin(args, lab.director)
    if (status !== 0) throw new Error(`uvsadm ${args.join(' ')}: status ${status}: ${err.trim()}`)
    if (out) print(out.replace(/\n$/, ''))
  }
  for (const rule of rules(plan)) await admin(rule)

  const figures = lab.load(requests, concurrency)
  print(`client: ${requests} requests, ${concurrency} at a time, each on a connection of its own, in virtual time`)
  print(speedLine(figures))
  await admin(['-Ln'])
  lab.tick()
  await admin(['-Ln', '--stats'])

  const servers = serverReports(plan, name => lab.server(name).http.answered)
  const run = {
    mode: plan.mode,
    io: 'sim',
    load: 'virtual client',
    requests,
    concurrency,
    connections: requests,
  } as const
  const { checksumErrors } = lab
  const report: LabReport = {
    ...run,
    ...figures,
    servers,
    checksumErrors,
    ...hardware,
    ...(fallback ? { fallback } : {}),
  }
  print(spreadLine(report))
  return report
}
