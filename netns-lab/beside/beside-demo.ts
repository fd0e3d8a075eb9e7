import { type Check, checkLine, serverReports, speedLine } from '../../native-free/lab-report.js'
import { connectControl } from '../../src/control/socket/client.js'
import type { Capture } from '../capture.js'
import { DirectorProcess } from '../director-process.js'
import { hardware } from '../hardware.js'
import { putLoad } from '../load-tool.js'
import type { NetnsLab } from '../netns-lab.js'
import { end, isAlive, until } from '../proc.js'
import { realServerArguments } from '../real-server.js'
import { which } from '../tools.js'
import { admin, ask, besideRules, buildBeside, forgetNeighbours, watched } from './beside-lab.js'
import { ADDRESSES, besidePlan, drPart, ECHO_PORT, natPart, OWN_WEB_PORT, SESSIONS, WEB_PORTS } from './beside-plan.js'
import { type BalancedLoad, type BesideReport, type Phase, phaseTable } from './beside-report.js'
import { besideChecks } from './beside-checks.js'
import { KernelSessions } from './kernel-sessions.js'
import { KERNEL_TRAFFIC, KernelTraffic } from './kernel-traffic.js'

const ASKED_TIMES = 6
const RULE_CHANGES = 100
const TAKE_MS = 200
const END_MS = 30_000

const { dip, vip } = ADDRESSES
const at = (port: number): string => `${vip}:${port}`
const ASKED = [at(OWN_WEB_PORT), at(drPart.port), at(natPart.port)]

export interface BesideOptions {
  prefix: string
  requests: number
  concurrency: number
  print: (line: string) => void
  signal: AbortSignal
}

/** Builds the lab, takes its director through all its states, prints who took what, and removes the lab, whatever happens. */
export async function besideDemo(options: BesideOptions): Promise<BesideReport> {
  const { print, signal } = options
  for (const tool of ['nginx', 'ab']) if (!which(tool)) print(`${tool} is not installed: using a program of ours`)
  const lab = await buildBeside(options)
  let story: Story | undefined
  try {
    story = await Story.begin(lab, options)
    const checks = await story.tell()
    const { phases, loads } = story
    for (const line of phaseTable(phases)) print(line)
    for (const check of checks) print(checkLine(check))
    signal.throwIfAborted()
    return { mode: 'beside', phases, loads, checksumErrors: await lab.checksumErrors(), checks, ...hardware() }
  } finally {
    story?.end()
    await lab.remove()
  }
}

class Story {
  readonly phases: Phase[] = []
  readonly loads: BalancedLoad[] = []
  #lost = 0
  readonly #taking: NodeJS.Timeout

  private constructor(
    readonly lab: NetnsLab,
    readonly options: BesideOptions,
    readonly sessions: KernelSessions,
    readonly capture: Capture,
    readonly traffic: KernelTraffic,
  ) {
    this.#taking = setInterval(() => this.#take(), TAKE_MS)
  }

  static async begin(lab: NetnsLab, options: BesideOptions): Promise<Story> {
    const { print } = options
    // Not imported above: it needs native code, and `uvs lab --help` does not.
    const { Capture } = await import('../capture.js')
    const names = ['client', 'director', 'router', ...besidePlan.servers.map(({ name }) => name)]
    const traffic = new KernelTraffic(await watched(lab, [dip, vip]))
    const capture = Capture.open(
      new Map(names.map(name => [name, `/run/netns/${lab.spaces.full(name)}`])),
      KERNEL_TRAFFIC,
    )
    try {
      const realServer = realServerArguments(drPart)!.join(' ')
      for (const { name } of drPart.servers) print(`${name}$ uvs ${realServer}`)
      print(
        `director: its kernel holds ${dip} and ${vip}, echoes on port ${ECHO_PORT}, serves the web on ${WEB_PORTS.join(' and ')}`,
      )
      print(`client: begins a session with ${SESSIONS.join(' and one with ')}`)
      return new Story(lab, options, await KernelSessions.begin(lab.spaces, SESSIONS), capture, traffic)
    } catch (error) {
      capture.close()
      throw error
    }
  }

  end(): void {
    clearInterval(this.#taking)
    this.capture.close()
  }

  /** Takes the director through its states. */
  async tell(): Promise<Check[]> {
    await this.#phase('no director', { balanced: false })
    const first = await this.#start()
    await this.#phase('uvs, without rules', { balanced: false })
    await this.#rules(first)
    await this.#phase('two services', { balanced: true })
    const own = await ask(
      this.lab,
      'director',
      ASKED_TIMES,
      besidePlan.servers.map(({ address }) => address.replace(/\/.*/, '')),
    )
    await this.#change(first)
    await this.#phase(`after ${RULE_CHANGES} changes of rules`, { balanced: true })
    await this.#phase('under load', { balanced: true, work: () => this.#load() })
    this.options.print((await admin(first, ['-Ln'])).trimEnd())
    this.options.print(`director$ kill ${first.id.pid}`)
    await end([first.id], END_MS)
    await this.#phase('uvs stopped', { balanced: false })
    const second = await this.#start()
    await this.#rules(second)
    await this.#phase('uvs again', { balanced: true })
    this.options.print(`director$ kill -9 ${second.id.pid}`)
    process.kill(second.id.pid, 'SIGKILL')
    await until(() => !isAlive(second.id), END_MS, this.options.signal)
    await this.#phase('uvs killed', { balanced: false })
    this.#take()
    return [
      this.sessions.check(this.phases.length),
      ...besideChecks({ phases: this.phases, loads: this.loads, own }),
      ...this.traffic.checks(this.#lost),
    ]
  }

  /** One state of the director: asks everywhere, while `work` is done; then the sessions have gone on. */
  async #phase(name: string, { balanced, work }: { balanced: boolean; work?: () => Promise<void> }): Promise<void> {
    const before = this.sessions.echoed()
    await forgetNeighbours(this.lab)
    const [answers] = await Promise.all([ask(this.lab, 'client', ASKED_TIMES, ASKED), work?.()])
    await this.sessions.goOn()
    const now = Object.entries(this.sessions.echoed())
    const echoed = Object.fromEntries(now.map(([it, lines]) => [it, lines - before[it]!]))
    this.phases.push({ name, balanced, echoed, answers })
  }

  async #start(): Promise<DirectorProcess> {
    const director = await this.lab.startDirector()
    this.options.print(`director$ uvs ${DirectorProcess.arguments(besidePlan, 'raw', director.control).join(' ')}`)
    return director
  }

  async #rules(director: DirectorProcess): Promise<void> {
    for (const rule of besideRules()) {
      this.options.print(`director$ uvsadm ${rule.join(' ')}`)
      await admin(director, rule, this.options.signal)
    }
  }

  /** Adds services on other ports of the VIP, and deletes them. */
  async #change(director: DirectorProcess): Promise<void> {
    this.options.print(`director: adds ${RULE_CHANGES / 2} services on other ports of the VIP, and deletes them`)
    const control = connectControl(director.control)
    const settings = { scheduler: 'rr', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
    try {
      for (let i = 0; i < RULE_CHANGES; i++) {
        const service = { protocol: 'tcp', address: vip, port: 1000 + (i >> 1) } as const
        const reply = await control.call(
          i % 2 === 0 ? { op: 'add-service', service, settings } : { op: 'delete-service', service },
        )
        if (!reply.ok) throw new Error(reply.message)
      }
    } finally {
      control.close()
    }
  }

  /** A load on each service, one after the other. Each real server's own count says who took it; the client asks besides. */
  async #load(): Promise<void> {
    const { lab, options } = this
    const { requests, concurrency, print } = options
    for (const plan of [drPart, natPart]) {
      const answered = (name: string): number => lab.servers.get(name)!.answered()
      const before = new Map(plan.servers.map(({ name }) => [name, answered(name)]))
      const url = `http://${at(plan.port)}/`
      const { command, ...figures } = await putLoad(lab.spaces, 'client', url, requests, concurrency)
      const servers = serverReports(plan, name => answered(name) - before.get(name)!)
      this.loads.push({ method: plan.mode, requests, load: command, ...figures, servers })
      print(which('ab') ? `client$ ${command}` : `client: ${command}`)
      print(speedLine(figures))
    }
  }

  #take(): void {
    this.traffic.add(this.capture.take())
    this.#lost += this.capture.lost()
  }
}
