import { setTimeout as sleep } from 'node:timers/promises'
import { FollowedFile } from '../ha/follow-file.js'
import { ours } from '../tools.js'
import type { FleetLab } from './fleet-lab.js'
import { announcedBy } from './announced.js'
import { beginLoad } from './fleet-load.js'
import { type ClientOrders, FleetNews } from './fleet-news.js'
import {
  DIRECT,
  type DirectorName,
  DIRECTORS,
  KEPT,
  METHOD,
  TRANSLATED,
  TUNNELLED,
  type Vip,
  VIPS,
} from './fleet-plan.js'
import { seconds, type Step } from './fleet-report.js'
import { type Flow, flowKey, nextHops } from './fleet-router.js'
import { countsOf, displacedBy } from './flow-counts.js'
import { FlowWatch } from './flow-watch.js'

/** Downloads from each address, each at RATE octets a second; PACE_MS between requests to one address. */
export const DOWNLOADS: Readonly<Record<'long' | 'short', Readonly<Record<Vip, number>>>> = {
  long: { [DIRECT]: 60, [TUNNELLED]: 60, [TRANSLATED]: 24 },
  short: { [DIRECT]: 24, [TUNNELLED]: 18, [TRANSLATED]: 12 },
}
const RATE = 50_000
const PACE_MS = 100
/** Routes, and what starts, are waited for so long, ms: a machine may be busy. */
const LIMIT_MS = 60_000
/** What a step does to flows and requests shows in so long, ms: a lost SYN's second try, a reset's way. */
const SETTLES_MS = 4000
/** In which each download must have brought something, ms. */
const GOING_MS = 25_000
const LOOK_MS = 20
const DRAIN_S = 30

/** Ms since 1970. */
const wallMs = (): number => performance.timeOrigin + performance.now()

interface Deed {
  what: string
  hurts?: true
  /** That the router is to share flows among afterwards. */
  hops: readonly DirectorName[]
  /** Does it; what it says is kept. Resolves when it is done, without waiting for routes. */
  do: () => Promise<string | undefined>
}

/** What happens to the directors, and what came of it. */
export class FleetStory {
  readonly steps: Step[] = []
  readonly news = new FleetNews()
  /** How late a timer was at most, ms. */
  lateMs = 0
  #rulesMs = 0
  /** Flows that have moved so far, or lost their director. */
  readonly #displaced = new Set<string>()
  #client: FollowedFile | undefined
  #watch: FlowWatch | undefined

  constructor(
    readonly lab: FleetLab,
    readonly isShort: boolean,
    readonly print: (line: string) => void,
  ) {}

  /** Returns how many downloads went on at the end, and how many of them brought octets. */
  async tell(): Promise<{ flows: number; going: number }> {
    const { lab } = this
    const timer = this.#lookOn()
    try {
      for (const name of ['d1', 'd2'] as const) await this.#start(name)
      await this.#routes(['d1', 'd2'])
      await this.#startClient()
      await this.#step({ what: 'd3 is added', hops: DIRECTORS, do: () => this.#start('d3') })
      await this.#rulesChange()
      await this.#step({ what: 'd1 is killed with -9', hurts: true, hops: ['d2', 'd3'], do: async () => void lab.kill('d1') }) // prettier-ignore
      await this.#step({ what: 'd1 is started again', hops: DIRECTORS, do: () => this.#start('d1') })
      if (!this.isShort) await this.#cableIsPulled()
      await this.#step({ what: 'd3 is drained', hops: ['d1', 'd2'], do: () => this.#drain('d3') })
      return await this.#going()
    } finally {
      clearInterval(timer)
      this.#watch?.close()
    }
  }

  async #start(name: DirectorName): Promise<undefined> {
    await this.lab.start(name)
  }
  async #drain(name: DirectorName): Promise<string> {
    return (await this.lab.drain(name, DRAIN_S)).trim().split('\n').at(-1)!
  }
  async #cableIsPulled(): Promise<void> {
    const cable = (state: 'up' | 'down') => async () => {
      await this.lab.cable('d2', state)
      return undefined
    }
    await this.#step({ what: 'd2’s cable is pulled', hurts: true, hops: ['d1', 'd3'], do: cable('down') })
    await this.#step({ what: 'd2’s cable is back', hops: DIRECTORS, do: cable('up') })
  }
  /** A weight that is another, and as it was again: what mh promises is by the rules that a connection began with. */
  async #rulesChange(): Promise<void> {
    const set = (weight: number) => async () => {
      this.#rulesMs = await this.lab.setWeight('rs3', weight)
      return undefined
    }
    await this.#step({ what: 'rules: rs3 has weight 3', hops: DIRECTORS, do: set(3) })
    await this.#step({ what: 'rules: rs3 has weight 1', hops: DIRECTORS, do: set(1) })
  }

  async #startClient(): Promise<void> {
    const { spaces, webs } = this.lab
    this.#watch = await FlowWatch.begin(this.lab)
    const downloads = this.#downloads
    const bigPath = webs.get('rs1')!.bigPath
    const orders: ClientOrders = { downloads, asks: KEPT, rate: RATE, paceMs: PACE_MS, bigPath }
    const told = VIPS.map(vip => `${downloads[vip]} downloads from ${vip} (${METHOD[vip]})`)
    this.print(`client: ${told.join(', ')}; requests, and ab`)
    const { log } = spaces.start('client', 'client', process.execPath, [ours('netns-lab/fleet/fleet-client.js'), JSON.stringify(orders)]) // prettier-ignore
    this.#client = new FollowedFile(log)
    await this.#until(async () => this.#isFull(), 'the client’s downloads to begin')
  }

  async #step({ what, hurts = undefined, hops, do: deed }: Deed): Promise<void> {
    const { lab, news } = this
    await this.#until(async () => news.flows.size > 0 && this.#isFull(), 'downloads to take the place of broken ones')
    const flows = [...news.flows.values()]
    const before = new Map(this.#watch!.at)
    const fromMs = wallMs()
    const load = beginLoad(lab)
    const said = await deed()
    const tookFromMs = hurts ? fromMs : undefined
    await this.#routes(hops)
    const doneMs = wallMs()
    await sleep(SETTLES_MS, undefined, { signal: lab.spaces.signal! })
    const answers = await load.end()
    this.#look()
    const after = new Map(this.#watch!.at)
    const toMs = wallMs()
    const announced = await announcedBy(lab.spaces, hops)
    const tookMs = what.startsWith('rules') ? this.#rulesMs : doneMs - (tookFromMs ?? fromMs)
    const ended = new Set(this.news.ended.filter(it => it.atMs >= fromMs).map(it => flowKey(it as Flow)))
    const where = { flows, before, after, hops }
    const seen = { ...where, ended, displaced: this.#displaced }
    const step: Step = {
      what,
      hurts: hurts === true,
      hops: [...hops],
      fromMs,
      toMs,
      tookMs,
      byVip: Object.fromEntries(VIPS.map(vip => [vip, countsOf(vip, seen)])) as Step['byVip'],
      requests: this.#requests(fromMs, toMs),
      load: answers,
      announced,
      ...(said === undefined ? {} : { said }),
    }
    this.steps.push(step)
    for (const flow of displacedBy(where)) this.#displaced.add(flow)
    this.#tellStep(step)
  }

  /** Whether as many downloads go on as were ordered. */
  #isFull(): boolean {
    return this.news.flows.size === VIPS.reduce((sum, vip) => sum + this.#downloads[vip], 0)
  }
  get #downloads(): Readonly<Record<Vip, number>> {
    return DOWNLOADS[this.isShort ? 'short' : 'long']
  }

  #requests(fromMs: number, toMs: number): Step['requests'] {
    const asked = this.news.asked.filter(({ atMs, tookMs }) => atMs + tookMs >= fromMs && atMs + tookMs < toMs)
    const failed = asked.filter(({ error }) => error !== undefined)
    const ends = failed.map(({ atMs, tookMs }) => atMs + tookMs)
    return {
      asked: asked.length,
      failed: failed.length,
      errors: [...new Set(failed.map(({ error }) => error!))],
      failedForMs: failed.length === 0 ? 0 : Math.max(...ends) - Math.min(...failed.map(({ atMs }) => atMs)),
      slowestMs: Math.max(0, ...asked.map(({ tookMs }) => tookMs)),
    }
  }

  #tellStep({ what, tookMs, byVip, requests, load, said }: Step): void {
    const flows = VIPS.map(vip => {
      return `${METHOD[vip]} ${byVip[vip].moved} of ${byVip[vip].flows} moved, ${byVip[vip].broken} broke`
    })
    const failed = `${requests.failed} of ${requests.asked} requests failed, ${load.failed} of ${load.answered + load.failed} of ab's`
    this.print(`${what}: ${seconds(tookMs)}; ${flows.join('; ')}; ${failed}`)
    for (const line of [...load.errors, ...(said === undefined ? [] : [said])]) this.print(`  ${line}`)
  }

  /** Until the router shares flows to both addresses among these. */
  async #routes(hops: readonly DirectorName[]): Promise<void> {
    const isSo = async (): Promise<boolean> => {
      const found = await Promise.all(VIPS.map(vip => nextHops(this.lab, vip)))
      return found.every(names => names.join() === hops.join())
    }
    await this.#until(isSo, `the router's next hops to be ${hops.join(', ')}`)
  }

  /** Downloads that go on, and those that have brought more octets since. */
  async #going(): Promise<{ flows: number; going: number }> {
    this.#look()
    const before = new Map(this.news.pulse?.octets)
    const going = (): number =>
      (this.news.pulse?.octets ?? []).filter(([port, octets]) => octets > (before.get(port) ?? 0)).length
    const limitMs = wallMs() + GOING_MS
    const isSo = (): boolean => (this.#isFull() && going() === this.news.flows.size) || wallMs() > limitMs
    await this.#until(async () => isSo(), 'downloads')
    return { flows: this.news.flows.size, going: going() }
  }

  /** Throws an Error that says what did not come. */
  async #until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    const limitMs = wallMs() + LIMIT_MS
    while (!(await isSo())) {
      if (wallMs() > limitMs) throw new Error(`waited in vain for ${what}`)
      await sleep(LOOK_MS, undefined, { signal: this.lab.spaces.signal! })
    }
  }

  /** Frames that the capture had no room for. */
  get lost(): number {
    return this.#watch?.lost ?? 0
  }
  #look(): void {
    this.news.take(this.#client?.lines() ?? [])
    this.#watch?.look()
  }
  /** Looks all the time: what a capture holds is bounded. */
  #lookOn(): NodeJS.Timeout {
    let lastMs = performance.now()
    return setInterval(() => {
      const nowMs = performance.now()
      this.lateMs = Math.max(this.lateMs, nowMs - lastMs - LOOK_MS)
      lastMs = nowMs
      this.#look()
    }, LOOK_MS)
  }
}
