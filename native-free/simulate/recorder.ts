import { formatIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import type { DirectorStation } from './director-station.js'
import type { EventQueue } from './event-queue.js'
import { Interval, type Ledger, percent, quantile, rounded } from './ledger.js'
import type { RealServerStation } from './real-server-station.js'
import type { DirectorResult, DropResult, RealServerResult, Series } from './result.js'

/** A director's state as its series shows it. */
export type StateOf = (director: DirectorStation) => string

const NOT_THERE = -1

/** Looks at everything at the end of each interval, and has the series in the end. */
export class Recorder {
  readonly series: Series
  readonly #servers: readonly RecordedServer[]
  readonly #directors: readonly RecordedDirector[]
  readonly #drops = new Map<string, number[]>()
  readonly #events: EventQueue
  readonly #ledger: Ledger
  readonly #reached: () => DirectorStation

  /** `reached`: the director that clients reach. */
  constructor(
    stepMs: number,
    events: EventQueue,
    ledger: Ledger,
    servers: readonly RealServerStation[],
    directors: readonly DirectorStation[],
    reached: () => DirectorStation,
    stateOf: StateOf,
  ) {
    this.#events = events
    this.#ledger = ledger
    this.#reached = reached
    this.#servers = servers.map(server => new RecordedServer(server))
    this.#directors = directors.map(director => new RecordedDirector(director, stateOf))
    this.series = {
      stepMs,
      endMs: [],
      started: [],
      answered: [],
      failed: [],
      broken: [],
      p50Ms: [],
      p99Ms: [],
      imbalance: [],
      flood: [],
    }
  }

  look(): void {
    const interval = this.#ledger.next()
    const { series } = this
    const sorted = interval.tookMs.sort((a, b) => a - b)
    series.endMs.push(rounded(this.#events.nowMs))
    series.started.push(interval.started)
    series.answered.push(interval.answered)
    series.failed.push(interval.failed)
    series.broken.push(interval.broken)
    series.p50Ms.push(quantile(sorted, 0.5))
    series.p99Ms.push(quantile(sorted, 0.99))
    series.flood.push(interval.flood)
    const standing = standingOf(this.#reached())
    for (const server of this.#servers) server.look(standing)
    series.imbalance.push(imbalanceOf(this.#servers.map(server => server.last)))
    this.#lookAtDrops(interval)
  }

  realServers(): RealServerResult[] {
    const { brokenOn } = this.#ledger
    const all = this.#servers.reduce((sum, { station }) => sum + station.connections, 0)
    return this.#servers.map(server => server.result(all, brokenOn.get(server.station.name) ?? 0))
  }
  directors(): DirectorResult[] {
    return this.#directors.map(director => director.result())
  }
  drops(): DropResult[] {
    return [...this.#drops]
      .map(([reason, series]) => ({ reason, count: series.reduce((sum, count) => sum + count, 0), series }))
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
  }

  #lookAtDrops({ lost }: Interval): void {
    const counts = new Map(lost)
    for (const director of this.#directors)
      for (const [reason, count] of director.look()) counts.set(reason, (counts.get(reason) ?? 0) + count)
    const before = this.series.endMs.length - 1
    for (const [reason, count] of counts)
      if (count > 0 && !this.#drops.has(reason))
        this.#drops.set(
          reason,
          Array.from({ length: before }, () => 0),
        )
    for (const [reason, series] of this.#drops) series.push(counts.get(reason) ?? 0)
  }
}

/** What a director says of real servers: by address, over all services. */
interface Standing {
  active: number
  inactive: number
  weight: number
}

function standingOf({ director }: DirectorStation): Map<Ipv4Addr, Standing> {
  const found = new Map<Ipv4Addr, Standing>()
  for (const service of director.balancing.inKernelOrder())
    for (const { addr, activeConns, inactConns, weight } of service.destinations) {
      const before = found.get(addr) ?? { active: 0, inactive: 0, weight: NOT_THERE }
      found.set(addr, {
        active: before.active + activeConns,
        inactive: before.inactive + inactConns,
        weight: Math.max(before.weight, weight),
      })
    }
  return found
}

interface Last {
  readonly connections: number
  readonly weight: number
}

function imbalanceOf(all: readonly Last[]): number {
  const weighty = all.filter(({ weight }) => weight > 0)
  const connections = weighty.reduce((sum, each) => sum + each.connections, 0)
  const weights = weighty.reduce((sum, { weight }) => sum + weight, 0)
  if (connections === 0) return 0
  const most = Math.max(...weighty.map(each => each.connections / connections / (each.weight / weights)))
  return rounded(most)
}

class RecordedServer {
  readonly station: RealServerStation
  last: Last = { connections: 0, weight: NOT_THERE }
  readonly #series: RealServerResult['series'] = {
    connections: [],
    answered: [],
    busy: [],
    queued: [],
    open: [],
    activeConns: [],
    inactConns: [],
    weight: [],
    up: [],
  }
  readonly #before = { connections: 0, answered: 0 }

  constructor(station: RealServerStation) {
    this.station = station
  }

  look(standing: ReadonlyMap<Ipv4Addr, Standing>): void {
    const { connections, answered, work, open, isUp, plan } = this.station
    const there = standing.get(plan.addr) ?? { active: 0, inactive: 0, weight: NOT_THERE }
    const series = this.#series
    this.last = { connections: connections - this.#before.connections, weight: there.weight }
    series.connections.push(this.last.connections)
    series.answered.push(answered - this.#before.answered)
    series.busy.push(work.busy)
    series.queued.push(work.queued)
    series.open.push(open)
    series.activeConns.push(there.active)
    series.inactConns.push(there.inactive)
    series.weight.push(there.weight)
    series.up.push(isUp ? 1 : 0)
    this.#before.connections = connections
    this.#before.answered = answered
  }

  result(allConnections: number, broken: number): RealServerResult {
    const { name, plan, connections, answered, overflowed, work } = this.station
    return {
      name,
      address: formatIpv4(plan.addr),
      connections,
      sharePercent: percent(connections, allConnections),
      answered,
      overflowed,
      queueMost: work.queueMost,
      queuedMsMost: rounded(work.queuedMsMost),
      busyPercent: percent(work.busyMs, this.station.totalUpMs() * plan.places),
      broken,
      series: this.#series,
    }
  }
}

class RecordedDirector {
  readonly #station: DirectorStation
  readonly #stateOf: StateOf
  readonly #series: DirectorResult['series'] = { connections: [], dropped: [], state: [] }
  #drops = new Map<string, number>()

  constructor(station: DirectorStation, stateOf: StateOf) {
    this.#station = station
    this.#stateOf = stateOf
  }

  /** Returns what it has dropped since the last look. */
  look(): Map<string, number> {
    const drops = this.#station.drops()
    const fresh = new Map([...drops].map(([reason, count]) => [reason, count - (this.#drops.get(reason) ?? 0)]))
    this.#drops = drops
    this.#series.connections.push(this.#station.director.conns.table.count)
    this.#series.dropped.push([...fresh.values()].reduce((sum, count) => sum + count, 0))
    this.#series.state.push(this.#station.isUp ? this.#stateOf(this.#station) : 'DOWN')
    return fresh
  }
  result(): DirectorResult {
    const { name, frames } = this.#station
    const { connections } = this.#series
    return { name, ...frames, connectionsMost: Math.max(0, ...connections), series: this.#series }
  }
}
