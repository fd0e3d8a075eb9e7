/*
 * A scenario's run, in virtual time, event after event:
 * 1. clients, floods and checks begin something        client-group-station, flood-station, check-station
 * 2. its frame takes its way, or is lost               wires, site
 * 3. the director decides: src/director, as it is      director-station
 * 4. the real server works, and answers the same way   real-server-station
 * 5. at the end of each interval all is looked at      recorder
 * Everything random comes from the seed, each part has numbers of its own, and nothing reads a clock.
 */
import type { Control } from '../../src/control/protocol/api.js'
import { localControl } from '../../src/control/operations/execute.js'
import type { KeepalivedConfig } from '../../src/keepalived/config/tree/config.js'
import { UsageError } from '../../src/director/options.js'
import { formatIpv4, parseCidr } from '../../src/wire/addr.js'
import { ChangeRunner, type RunLine } from './change-runner.js'
import { CheckStation } from './check-station.js'
import { ClientGroupStation } from './client-group-station.js'
import { DirectorStation, type DirectorStationOptions } from './director-station.js'
import { EventQueue } from './event-queue.js'
import { FloodStation } from './flood-station.js'
import type { Ground } from './ground.js'
import { judge, type Judged } from './judge.js'
import { Ledger } from './ledger.js'
import { RandomValues } from './random-values.js'
import { RealServerStation } from './real-server-station.js'
import { Recorder } from './recorder.js'
import { recoveriesOf } from './recoveries.js'
import type { SimulationResult } from './result.js'
import { HeardAdverts, RouterStation } from './router-station.js'
import type { Change, DirectorPlan, Scenario } from './scenario/scenario.js'
import { ScenarioError } from './scenario/scenario-error.js'
import { Site } from './site.js'
import { Wires } from './wires.js'

export interface SimulationOptions {
  readonly scenario: Scenario
  /** Of each director that has one, in their order. */
  readonly keepalived: readonly (KeepalivedConfig | undefined)[]
  /** Carries out a line of uvs script; returns what is wrong with it. */
  readonly runLine: (line: string, control: Control) => Promise<string | undefined>
  /** Is told, in a line, of a mistake of a user's scheduler. */
  readonly report: (problem: string) => void
  /** Is told now and then how far it is, in ms; others may run meanwhile. */
  readonly reached?: (ms: number) => Promise<void>
}

/** Parts draw from numbers of their own: these begin so far apart. */
const PARTS = { wires: 1, clients: 1000, servers: 100_000, floods: 200_000, checks: 300_000 } as const
/** How often the world outside is looked at, in events. */
const SLICE = 10_000

/** Runs a scenario. ScenarioError for a line of rules that is refused. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const simulation = new Simulation(options)
  await simulation.start()
  await simulation.run()
  return simulation.result()
}

class Simulation {
  readonly #scenario: Scenario
  readonly #options: SimulationOptions
  readonly #events = new EventQueue()
  readonly #ledger = new Ledger()
  readonly #ground: Ground
  readonly #site: Site
  readonly #directors: readonly DirectorStation[]
  readonly #controls = new Map<DirectorStation, Control>()
  readonly #servers: readonly RealServerStation[]
  readonly #groups: readonly ClientGroupStation[]
  readonly #routers = new Map<DirectorStation, RouterStation>()
  readonly #checks: readonly CheckStation[]
  readonly #changes: ChangeRunner
  readonly #recorder: Recorder
  /** Events until the world outside is looked at. */
  #left = SLICE

  constructor(options: SimulationOptions) {
    const { scenario, keepalived } = options
    const { clients, servers, directors, stepMs } = scenario
    this.#options = options
    this.#scenario = scenario
    const random = (part: number): RandomValues => new RandomValues(scenario.seed, part)
    const wires = new Wires(this.#events, random(PARTS.wires), this.#ledger)
    this.#ground = { events: this.#events, wires, ledger: this.#ledger, random }
    this.#site = new Site(this.#ground, scenario.directorLink, keepalived.some(hasRouters))
    this.#directors = directors.map((plan, i) => this.#director(plan, i, keepalived[i]))
    this.#site.addDirectors(
      this.#directors,
      directors.map(({ addresses }) => addresses),
    )
    this.#servers = servers.map((plan, i) => {
      const server: RealServerStation = new RealServerStation(plan, PARTS.servers + i, this.#ground, (packet, via) =>
        this.#site.fromServer(server, packet, via),
      )
      wires.attach(plan.name, plan.link)
      this.#site.addServer(server)
      return server
    })
    this.#groups = clients.map((plan, i) => {
      const group = new ClientGroupStation(plan, PARTS.clients + i, this.#ground, packet =>
        this.#site.fromClient(plan.name, packet),
      )
      wires.attach(plan.name, plan.link)
      this.#site.addGroup(group, plan.network)
      return group
    })
    this.#checks = this.#checkStations()
    const runLine: RunLine = (director, line) => options.runLine(line, this.#controls.get(director)!)
    const names = clients.map(({ name }) => name)
    this.#changes = new ChangeRunner(this.#ground, this.#servers, this.#directors, names, runLine)
    const reached = (): DirectorStation =>
      this.#site.holderOf(clients[0]!.name, clients[0]!.to.addr) ?? this.#directors[0]!
    const stateOf = (director: DirectorStation): string => this.#routers.get(director)?.state ?? ''
    this.#recorder = new Recorder(stepMs, this.#events, this.#ledger, this.#servers, this.#directors, reached, stateOf)
  }

  /** Rules are there before anybody comes. */
  async start(): Promise<void> {
    const { rules, floods } = this.#scenario
    for (const director of this.#directors) director.start()
    await this.#changes.lines(rules, ['rules'])
    for (const check of this.#checks) await check.start()
    for (const router of this.#routers.values()) router.start()
    for (const director of this.#directors) director.settle()
    for (const server of this.#servers) server.start()
    for (const group of this.#groups) group.start()
    for (const [i, plan] of floods.entries()) {
      this.#site.addFlood(plan.network)
      new FloodStation(plan, PARTS.floods + i, this.#ground, packet => this.#site.fromFlood(packet)).start()
    }
  }

  async run(): Promise<void> {
    const { durationMs, stepMs, changes } = this.#scenario
    let lookMs = Math.min(stepMs, durationMs)
    for (const change of [...changes, undefined]) {
      const untilMs = change?.atMs ?? durationMs
      for (; lookMs <= untilMs && lookMs < durationMs; lookMs += stepMs) {
        await this.#until(lookMs)
        this.#recorder.look()
      }
      await this.#until(untilMs)
      if (change) await this.#change(change)
    }
    this.#recorder.look()
  }

  result(): SimulationResult {
    const { name, seed, durationMs, assertions } = this.#scenario
    const judged: Judged = {
      format: 'uvs-simulation-1',
      name,
      seed,
      durationMs,
      requests: this.#ledger.requests(),
      realServers: this.#recorder.realServers(),
      directors: this.#recorder.directors(),
      drops: this.#recorder.drops(),
      series: this.#recorder.series,
      events: this.#ledger.events,
      drains: this.#changes.drains,
      recoveries: recoveriesOf(this.#changes.shocks, this.#ledger.failures, durationMs, this.#scenario.stepMs),
    }
    const found = assertions.map(assertion => judge(assertion, judged))
    return { ...judged, assertions: found, ok: found.every(({ ok }) => ok) }
  }

  #director(plan: DirectorPlan, number: number, keepalived: KeepalivedConfig | undefined): DirectorStation {
    const { seed, maxConnections, servers } = this.#scenario
    const speaks = hasRouters(keepalived)
    const adverts = new HeardAdverts()
    const station = this.#station({
      name: plan.name,
      number,
      seed: seed + number,
      addresses: plan.addresses,
      routes: [...servers.map(({ addr }) => `${formatIpv4(addr)}/32=@srv`), defaultRoute(plan.addresses)],
      maxConnections,
      adverts: speaks ? adverts : undefined,
      report: this.#options.report,
    })
    this.#controls.set(station, localControl(station.director))
    if (hasRouters(keepalived))
      this.#routers.set(station, new RouterStation(keepalived, plan.addresses, station, adverts, this.#ground))
    return station
  }
  /** ScenarioError for addresses that a director refuses. */
  #station(options: DirectorStationOptions): DirectorStation {
    try {
      return new DirectorStation(options, this.#ground, this.#site)
    } catch (error) {
      const found = error instanceof UsageError && /^--address: (.*)/s.exec(error.message)
      throw found ? new ScenarioError(['directors', options.number, 'addresses'], found[1]!) : error
    }
  }
  #checkStations(): CheckStation[] {
    return this.#directors.flatMap((station, i) => {
      const config = this.#options.keepalived[i]
      if (!config || config.virtualServers.length === 0) return []
      const control = this.#controls.get(station)!
      return new CheckStation(config, PARTS.checks + i, station, this.#servers, control, this.#ground)
    })
  }

  /** Everything up to a time, and what happens right then. */
  async #until(ms: number): Promise<void> {
    while (this.#events.nextMs <= ms) {
      this.#events.runNext()
      for (const check of this.#checks) if (check.isWriting) await check.written()
      if (--this.#left > 0) continue
      this.#left = SLICE
      await this.#options.reached?.(this.#events.nowMs)
    }
    this.#events.nowMs = ms
  }
  async #change(change: Change): Promise<void> {
    await this.#changes.run(change)
  }
}

function hasRouters(config: KeepalivedConfig | undefined): config is KeepalivedConfig {
  return config !== undefined && config.instances.length > 0
}

/** By a router on link cli: clients are not asked for one by one. */
function defaultRoute(addresses: readonly string[]): string {
  const [cidr] = addresses.find(text => text.endsWith('@cli'))?.split('@') ?? []
  const own = cidr === undefined ? undefined : parseCidr(cidr)
  if (!own || own.prefix > 30) return 'default=@cli'
  const last = ((own.addr | ~own.mask) - 1) as typeof own.addr
  const router = last === own.addr ? ((last - 1) as typeof last) : last
  return `default=${formatIpv4(router)}@cli`
}
