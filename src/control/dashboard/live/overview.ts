import { hostname } from 'node:os'
import type {
  AnnouncementsInfo,
  Answer,
  CheckedKey,
  Control,
  DirectorFigures,
  HealthName,
  OperationName,
  Operations,
  Request,
  ServiceHealth,
  ServiceKey,
  TotalsInfo,
  VrrpInfo,
} from '../../protocol/api.js'
import { allHealth } from '../../protocol/all-health.js'
import type { DropInfo } from '../../protocol/drops.js'
import type { DrainShown } from '../admin/drains.js'
import type { Event, Events } from '../events.js'
import { packageVersion } from '../../../package-version.js'

/** What every stream's tick says: all but the services. */
export interface Overview {
  /** Unix time, in ms. */
  at: number
  director: { version: string; host: string; pid: number; upS: number; workers: number; node: string }
  totals: Pick<TotalsInfo, 'stats' | 'rates'>
  connections: DirectorFigures['connections']
  /** Since the start, and a second since the last tick. */
  verdicts: Record<string, [number, number]>
  drops: (DropInfo & { rate: number })[]
  devices: DirectorFigures['devices']
  neighbours: DirectorFigures['neighbours']
  heldFrames: number
  heldDatagrams: number
  localPorts: { inUse: number; resting: number }
  offload?: DirectorFigures['offload']
  health?: HealthOverview
  vrrp?: VrrpInfo
  announcements?: AnnouncementsInfo
  drains: DrainShown[]
  events: readonly Event[]
}

/** What the dashboard itself knows. */
export interface Told {
  readonly drains: { shown(): DrainShown[] }
  readonly events: Pick<Events, 'all'>
}

export interface HealthOverview extends Record<HealthName, number> {
  servers: Record<HealthName, number>
  /** The first that are not up, or have a real server that is not. */
  bad: ServiceHealth[]
}

const BAD_MAX = 20
/** Least time between two readings of the health of all, in ms; a reading takes at most a fiftieth of the time. */
const HEALTH_MS = 2000
const HEALTH_SHARE = 50
/** Rates are of at least so long, in ms. */
const RATE_MS = 500
/** A stream ticks each second. */
const OLD_S = 10

/** Reads the director for each tick. */
export class OverviewReader {
  readonly #control: Control
  readonly #workers: number
  readonly #told: Told
  readonly #rates: Rates
  #health: HealthOverview | undefined
  #healthAt = -Infinity
  /** By the key as JSON; a group's services are not told apart. */
  #healthOf: ReadonlyMap<string, ServiceHealth> = new Map()
  /** Asked only once: the director was not started with them. */
  readonly #without = new Set<OperationName>()

  /** `oldS`: counts that are older, in seconds, are of an earlier time of listening, and make no rate. */
  constructor(control: Control, workers: number, told: Told, oldS = OLD_S) {
    this.#control = control
    this.#told = told
    this.#workers = workers
    this.#rates = new Rates(oldS)
  }

  /** Of the last tick or, of many services, one some seconds before it. */
  healthOf(service: ServiceKey): ServiceHealth | undefined {
    return this.#healthOf.size === 0 ? undefined : this.#healthOf.get(nameOf(service))
  }

  /** Rejects with the director's refusal. */
  async read(): Promise<Overview> {
    const [{ stats, rates }, figures, drops, vrrp, announcements] = await Promise.all([
      this.#ask({ op: 'totals' }),
      this.#ask({ op: 'figures' }),
      this.#ask({ op: 'drops' }),
      this.#askIfThere<'vrrp'>({ op: 'vrrp' }),
      this.#askIfThere<'announcements'>({ op: 'announcements' }),
    ])
    const at = Date.now()
    const health = vrrp && (await this.#readHealth())
    const { verdicts, connections, devices, neighbours, heldFrames, heldDatagrams, localPorts, offload } = figures
    const rated = this.#rates.of(verdicts)
    const dropsRated = drops.map(drop => ({ ...drop, rate: this.#rates.rateOf(drop.reason, drop.count) }))
    this.#rates.next()
    return {
      at,
      director: {
        version: packageVersion(),
        host: hostname(),
        pid: process.pid,
        upS: Math.round(process.uptime()),
        workers: this.#workers,
        node: process.version,
      },
      totals: { stats, rates },
      connections,
      verdicts: rated,
      drops: dropsRated.sort((a, b) => b.rate - a.rate || b.count - a.count),
      devices,
      neighbours,
      heldFrames,
      heldDatagrams,
      localPorts: { inUse: localPorts.inUse.reduce((sum, { count }) => sum + count, 0), resting: localPorts.resting },
      ...(offload && { offload }),
      ...(health && { health }),
      ...(vrrp && { vrrp }),
      ...(announcements && { announcements }),
      drains: this.#told.drains.shown(),
      events: this.#told.events.all,
    }
  }

  async #ask<O extends OperationName>(request: Request<O>): Promise<Operations[O]['value']> {
    const reply: Answer<Operations[O]['value']> = await this.#control.call<O>(request)
    if (!reply.ok) throw new Error(reply.message)
    return reply.value
  }

  async #askIfThere<O extends OperationName>(request: Request<O>): Promise<Operations[O]['value'] | undefined> {
    if (this.#without.has(request.op)) return undefined
    const reply: Answer<Operations[O]['value']> = await this.#control.call<O>(request)
    if (reply.ok) return reply.value
    if (!/ starting/.test(reply.message)) this.#without.add(request.op)
    return undefined
  }

  async #readHealth(): Promise<HealthOverview | undefined> {
    if (performance.now() < this.#healthAt) return this.#health
    const began = performance.now()
    const reply = await allHealth(this.#control)
    this.#health = reply.ok ? healthOverview(reply.value) : undefined
    this.#healthOf = new Map(reply.ok ? reply.value.map(health => [nameOf(health), health]) : [])
    const now = performance.now()
    this.#healthAt = now + Math.max(HEALTH_MS, HEALTH_SHARE * (now - began))
    return this.#health
  }
}

export function healthOverview(services: readonly ServiceHealth[]): HealthOverview {
  const overview: HealthOverview = { up: 0, down: 0, unknown: 0, servers: { up: 0, down: 0, unknown: 0 }, bad: [] }
  for (const service of services) {
    overview[service.state]++
    for (const { state } of service.servers) overview.servers[state]++
    const isBad = service.state !== 'up' || service.servers.some(({ state }) => state !== 'up')
    if (isBad && overview.bad.length < BAD_MAX) overview.bad.push(service)
  }
  return overview
}

function nameOf(service: CheckedKey): string {
  if ('group' in service) return ''
  if ('mark' in service) return `fwm ${service.mark} ${service.family ?? 4}`
  return `${service.protocol} ${service.address} ${service.port}`
}

/** Counts a second, between two readings of counters that only grow. */
class Rates {
  readonly #oldS: number
  #before = new Map<string, number>()
  #now = new Map<string, number>()
  #beforeAt = Infinity
  #nowAt = performance.now()

  constructor(oldS: number) {
    this.#oldS = oldS
  }

  /** Each counter that is not 0, with its rate. */
  of(counts: Readonly<Record<string, number>>): Record<string, [number, number]> {
    const rated: Record<string, [number, number]> = {}
    for (const [name, count] of Object.entries(counts)) if (count !== 0) rated[name] = [count, this.rateOf(name, count)]
    return rated
  }
  rateOf(name: string, count: number): number {
    this.#now.set(name, count)
    const seconds = (performance.now() - this.#beforeAt) / 1000
    const before = this.#before.get(name)
    if (!(seconds > 0 && seconds < this.#oldS)) return 0
    return Math.max(0, Math.round(((count - (before ?? 0)) / seconds) * 10) / 10)
  }
  /** All have been read: the next ones are compared with these. */
  next(): void {
    const now = performance.now()
    if (now - this.#nowAt < RATE_MS && this.#beforeAt !== Infinity) return
    this.#before = this.#now
    this.#now = new Map()
    this.#beforeAt = now
    this.#nowAt = now
  }
}
