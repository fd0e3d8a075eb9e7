import { readFileSync } from 'node:fs'
import { hostPart, rules } from '../../native-free/lab-plan.js'
import type { DirectorProcess } from '../director-process.js'
import { NetnsLab, type NetnsLabOptions } from '../netns-lab.js'
import { until } from '../proc.js'
import { ours } from '../tools.js'
import type { Answers } from './beside-report.js'
import { besidePlan, drPart, ECHO_PORT, natPart, SERVER_PORT, WEB_PORTS } from './beside-plan.js'
import type { Watched } from './kernel-traffic.js'

const START_MS = 30_000

/** Builds the lab: the director's kernel holds its addresses and serves; uvs is not there yet. */
export async function buildBeside(options: Omit<NetnsLabOptions, 'plan' | 'io'>): Promise<NetnsLab> {
  const lab = await NetnsLab.build({ ...options, plan: besidePlan, io: 'raw' })
  try {
    await startHostServices(lab)
    return lab
  } catch (error) {
    await lab.remove()
    throw error
  }
}

async function startHostServices({ spaces }: NetnsLab): Promise<void> {
  const command = [ours('netns-lab/beside/host-services.js'), ...[ECHO_PORT, ...WEB_PORTS].map(String)]
  const { log } = spaces.start('director', 'host-services', process.execPath, command)
  const said = (): string => readFileSync(log, 'utf8')
  if (!(await until(() => said().includes('ready'), START_MS, spaces.signal)))
    throw new Error(`the director's own servers did not start: ${said().trim() || 'they said nothing'}`)
}

/** Both services and their real servers, as uvsadm's arguments. */
export const besideRules = (): string[][] => {
  const natService = ['-t', `${natPart.vip}:${natPart.port}`]
  return [...rules(drPart), ...rules(natPart, natService, { port: SERVER_PORT })]
}

/** Runs uvsadm; throws if it is refused. */
export async function admin(director: DirectorProcess, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const { status, out, err } = await director.admin(args, signal)
  if (status !== 0) throw new Error(`uvsadm ${args.join(' ')}: status ${status}: ${err.trim()}`)
  return out
}

/** Asks each 'ADDRESS:PORT' so many times from a namespace. */
export async function ask(
  { spaces }: NetnsLab,
  from: string,
  times: number,
  ats: readonly string[],
): Promise<Record<string, Answers>> {
  const urls = ats.map(at => `http://${at}/`)
  const command = [ours('netns-lab/beside/ask-program.js'), String(times), ...urls]
  const answers = JSON.parse(await spaces.must(from, process.execPath, command, 60_000)) as Record<string, Answers>
  return Object.fromEntries(ats.map((at, i) => [at, answers[urls[i]!]!]))
}

/** Where the kernel's addresses are asked for by ARP, and whose they are. */
export async function watched({ spaces }: NetnsLab, addresses: readonly string[]): Promise<Watched> {
  const [arm] = besidePlan.arms
  const mac = (await spaces.must('director', 'cat', [`/sys/class/net/${arm.link}/address`])).trim()
  const router = besidePlan.routers[0]!.links.find(({ segment }) => segment === arm.segment)!
  const servers = besidePlan.servers.map(({ name, address }) => [name, hostPart(address)] as const)
  return { addresses, mac, askers: new Map([['router', hostPart(router.address)], ...servers]) }
}

/** Those on the director's segment forget everybody's MAC, so that they ask anew. */
export async function forgetNeighbours({ spaces }: NetnsLab): Promise<void> {
  for (const { name } of besidePlan.servers) await spaces.ip(name, 'neigh', 'flush', 'dev', 'eth0')
  await spaces.ip('router', 'neigh', 'flush', 'dev', 'to-lan')
}
