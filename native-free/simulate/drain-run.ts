import type { ScheduledService } from '../../src/director/rules/scheduled-service.js'
import { endConnections } from '../../src/director/upkeep/end-connections.js'
import type { Destination } from '../../src/service/destination.js'
import type { DirectorStation } from './director-station.js'
import type { Ground } from './ground.js'
import { rounded } from './ledger.js'
import type { RealServerStation } from './real-server-station.js'
import type { DrainResult } from './result.js'
import type { Change } from './scenario/scenario.js'

/** As uvs drain looks, and ten times as often: the time that it took is a result. */
const LOOK_MS = 100

interface Place {
  readonly station: DirectorStation
  readonly service: ScheduledService
  readonly dest: Destination
}

/** `uvs drain` of one real server, in every service of every director. */
export class DrainRun {
  readonly #change: Change & { kind: 'drain' }
  readonly #server: RealServerStation
  readonly #directors: readonly DirectorStation[]
  readonly #ground: Ground
  readonly #result: { -readonly [K in keyof DrainResult]: DrainResult[K] }

  constructor(
    change: Change & { kind: 'drain' },
    server: RealServerStation,
    directors: readonly DirectorStation[],
    ground: Ground,
    results: DrainResult[],
  ) {
    this.#change = change
    this.#server = server
    this.#directors = directors
    this.#ground = ground
    this.#result = { realServer: server.name, beganMs: rounded(ground.events.nowMs), tookMs: null, cut: 0 }
    results.push(this.#result)
  }

  start(): void {
    for (const { station, service, dest } of this.#places()) {
      const settings = {
        method: dest.method,
        weight: 0,
        upperThreshold: dest.upperThreshold,
        lowerThreshold: dest.lowerThreshold,
        tunnel: dest.tunnel,
      }
      station.director.balancing.editDestination(service, dest, settings)
    }
    this.#look()
  }

  #places(): Place[] {
    return this.#directors.flatMap(station =>
      station.director.balancing
        .inKernelOrder()
        .flatMap(service =>
          service.destinations
            .filter(dest => dest.addr === this.#server.plan.addr)
            .map(dest => ({ station, service, dest })),
        ),
    )
  }

  #look(): void {
    const { events, ledger } = this.#ground
    const places = this.#places()
    const left = places.reduce((sum, { dest }) => sum + dest.activeConns + dest.inactConns, 0)
    const tookMs = rounded(events.nowMs - this.#result.beganMs)
    if (left === 0) {
      this.#result.tookMs = tookMs
      const text = `${this.#server.name} is drained after ${tookMs / 1000} s`
      return ledger.event(events.nowMs, 'drain', text, true)
    }
    if (tookMs < this.#change.deadlineMs) return events.after(LOOK_MS, () => this.#look())
    this.#atDeadline(places, left)
  }

  #atDeadline(places: readonly Place[], left: number): void {
    const { events, ledger } = this.#ground
    if (this.#change.resets) {
      this.#result.cut = left
      for (const place of places) end(place)
    }
    const what = this.#change.resets ? 'are ended' : 'are left'
    ledger.event(events.nowMs, 'drain', `${this.#server.name}: the deadline: ${left} connections ${what}`, true)
  }
}

function end({ station: { director }, dest }: Place): void {
  for (let from: number | null = 0; from !== null;) from = endConnections(director.conns, dest, from).next
}
