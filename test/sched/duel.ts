/*
 * A scheduler against a slow twin, written from the specification: both are told of the same random story, and asked
 * after each step. The twin has its own notion of every server; nothing of src/ but what it is asked with.
 */
import { seededRandom } from '../../src/director/random.js'
import type { Flow, Scheduler } from '../../src/sched/scheduler.js'
import { flowOf, Pool, SCTP, TCP, UDP } from './pool.js'

/** A server as the twin knows it. */
export interface Server {
  readonly name: string
  readonly addr: number
  readonly port: number
  weight: number
  lastWeight: number
  active: number
  inactive: number
  overloaded: boolean
  available: boolean
}

/** The list is newest first, as the kernel has it. */
export interface Twin {
  /** Something was added, edited, removed: `who` stood at `index`. */
  changed?(what: 'added' | 'edited' | 'removed', list: readonly Server[], who: Server, index: number): void
  pick(list: readonly Server[], flow: Flow, now: number): string
  tick?(now: number): void
}

export const eligible = (server: Server): boolean => server.weight > 0 && !server.overloaded
export const overheadOf = (server: Server): bigint => BigInt(256 * server.active + server.inactive)

export interface DuelOptions {
  seeds?: number
  steps?: number
  weights?: readonly number[]
  /** Of the scheduler's flags. */
  schedFlags?: number
  servers?: number
  /** Prepares the pool: sysctls. */
  prepare?: (pool: Pool) => void
  /** Greatest step of time, in ms; 0: it stands still. */
  timeMs?: number
  /** Virtual addresses that are asked for. */
  addresses?: number
}

const WEIGHTS = [0, 1, 1, 2, 3, 4, 6, 9, 10, 100, 2 ** 31 - 1, 2 ** 31 - 2]
const NAMES = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const TICK_MS = 60_000

/** The stories that ended with a difference, one a seed; none if the two are alike. */
export function duel(
  scheduler: Scheduler,
  makeTwin: (schedFlags: number) => Twin,
  options: DuelOptions = {},
): string[] {
  const { seeds = 150, steps = 120 } = options
  const differences: string[] = []
  for (let seed = 1; seed <= seeds && differences.length < 3; seed++) {
    const story = new Duel(scheduler, makeTwin, options, seed).fight(steps)
    if (story) differences.push(`seed ${seed}: ${story}`)
  }
  return differences
}

class Duel {
  readonly #pool: Pool
  readonly #twin: Twin
  readonly #options: DuelOptions
  readonly #random: () => number
  readonly #known = new Map<string, Server>()
  readonly #list: Server[] = []
  readonly #story: string[] = []
  #nextTick = TICK_MS

  constructor(scheduler: Scheduler, makeTwin: (schedFlags: number) => Twin, options: DuelOptions, seed: number) {
    this.#options = options
    this.#random = seededRandom(seed)
    this.#pool = new Pool(scheduler, options.schedFlags)
    options.prepare?.(this.#pool)
    this.#twin = makeTwin(options.schedFlags ?? 0)
  }

  fight(steps: number): string | undefined {
    for (let step = 0; step < steps; step++) {
      this.#act()
      const flow = this.#flow()
      const expected = this.#twin.pick(this.#list, flow, this.#pool.now)
      const got = this.#pool.pick(flow)
      this.#story.push(got)
      if (got !== expected) return `${this.#story.join(' ')}, not ${expected}`
    }
    return undefined
  }

  #below(limit: number): number {
    return this.#random() % limit
  }
  #one<T>(of: readonly T[]): T {
    return of[this.#below(of.length)]!
  }
  #act(): void {
    const { servers = 7, timeMs = 0 } = this.#options
    const list = this.#list
    const kind = this.#below(16)
    if (kind <= 1 && list.length < servers) this.#add()
    else if (kind === 2 && list.length > 0) this.#edit(this.#one(list))
    else if (kind === 3 && list.length > 0 && this.#below(2) === 0) this.#remove(this.#below(list.length))
    else if (kind <= 6 && list.length > 0) this.#load(this.#one(list))
    else if (kind <= 8 && list.length > 0) this.#overload(this.#one(list))
    else if (kind === 9 && timeMs > 0) this.#pass(this.#below(timeMs))
  }
  #flow(): Flow {
    const protocol = this.#one([TCP, TCP, TCP, UDP, SCTP, 51])
    const client = `${this.#one(['10.0.0', '192.168.1', '203.0.113', '255.255.255'])}.${this.#below(256)}`
    const vaddr = `198.51.100.${this.#below(this.#options.addresses ?? 256)}`
    return flowOf(`${client}:${this.#below(65_536)}`, vaddr, protocol)
  }

  #add(): void {
    const name = this.#one([...NAMES].filter(letter => !this.#list.some(server => server.name === letter)))
    const weight = this.#one(this.#options.weights ?? WEIGHTS)
    this.#story.push(`+${name}=${weight}`)
    this.#pool.add(name, weight)
    const { addr, port } = this.#pool.dest(name)
    const fresh = {
      name,
      addr,
      port,
      weight,
      active: 0,
      inactive: 0,
      lastWeight: 0,
      overloaded: false,
      available: true,
    }
    const server = this.#known.get(name) ?? fresh
    this.#known.set(name, server)
    // Without thresholds an added one is not overloaded (ipvs-behaviour.md §2.5).
    Object.assign(server, { weight, lastWeight: weight, overloaded: false, available: true })
    this.#list.unshift(server)
    this.#twin.changed?.('added', this.#list, server, 0)
  }
  #edit(server: Server): void {
    const weight = this.#one(this.#options.weights ?? WEIGHTS)
    this.#story.push(`~${server.name}=${weight}`)
    server.weight = weight
    if (weight > 0) server.lastWeight = weight
    this.#pool.edit(server.name, weight)
    this.#twin.changed?.('edited', this.#list, server, this.#list.indexOf(server))
  }
  #remove(index: number): void {
    const [server] = this.#list.splice(index, 1)
    this.#story.push(`-${server!.name}`)
    server!.available = false
    this.#pool.remove(server!.name)
    this.#twin.changed?.('removed', this.#list, server!, index)
  }
  #load(server: Server): void {
    server.active = this.#below(this.#one([2, 4, 300]))
    server.inactive = this.#below(this.#one([2, 4, 600]))
    server.overloaded = false
    this.#story.push(`${server.name}:${server.active}+${server.inactive}`)
    this.#pool.load(server.name, server.active, server.inactive)
  }
  #overload(server: Server): void {
    if (server.overloaded) this.#pool.relieve(server.name)
    else this.#pool.overload(server.name)
    if (!server.overloaded && server.active + server.inactive === 0) server.inactive = 1
    server.overloaded = !server.overloaded
    this.#story.push(`${server.overloaded ? '!' : '?'}${server.name}`)
  }
  #pass(ms: number): void {
    const pool = this.#pool
    const end = pool.now + ms
    this.#story.push(`${ms}ms`)
    while (this.#nextTick <= end) {
      pool.bound.tick?.(this.#nextTick)
      this.#twin.tick?.(this.#nextTick)
      this.#nextTick += TICK_MS
    }
    pool.now = end
  }
}
