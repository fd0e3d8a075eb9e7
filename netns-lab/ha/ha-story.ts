import { setTimeout as sleep } from 'node:timers/promises'
import { putLoad } from '../load-tool.js'
import { until } from '../proc.js'
import { which } from '../tools.js'
import { BIG_OCTETS, type HaLab } from './ha-lab.js'
import {
  type Balancer,
  LEAVES_MS,
  FAILOVER_MS,
  PORT,
  RETURNS_MS,
  type Server,
  SERVERS,
  SPREAD,
  STICKY,
  VIPS,
} from './ha-plan.js'
import type { Burst, Deed } from './ha-report.js'
import { type HaWatch, wallMs } from './ha-watch.js'
import { isAbout } from './log-lines.js'

/** A check takes a moment itself, and so does a link that comes up, ms. */
const MOMENT_MS = 500
/** To start a director takes so long at most, ms. */
const START_MS = 15_000
/** Something that must come is waited for so much longer than it may take, ms: how late it was is to be seen. */
const LATE_MS = 5000
/** The state after each deed is left alone for so long, ms. */
const REST_MS = 1500
const DOWNLOAD_LIMIT_MS = 25_000
/** ab sends so many requests at a time, and again after a pause. */
const BURST = { requests: 100, concurrency: 5, pauseMs: 1000 }

/** What happens to the directors and the real servers, and what came of it. */
export class HaStory {
  readonly deeds: Deed[] = []
  readonly bursts: Burst[] = []
  readonly #stop = new AbortController()

  constructor(
    readonly lab: HaLab,
    readonly watch: HaWatch,
    readonly print: (line: string) => void,
  ) {}

  async tell(): Promise<void> {
    await this.#begin()
    const bursts = this.#sendBursts()
    try {
      await this.#serverDies()
      await this.#masterIsKilled()
      await this.#cableIsPulled()
      const { doneMs = wallMs() } = this.deeds.at(-1)!
      await this.#until(() => this.#isWhole(doneMs), DOWNLOAD_LIMIT_MS)
    } finally {
      this.#stop.abort()
      await bursts
    }
  }

  /** Both directors come up, the first is master, its services have their real servers, the client has downloaded. */
  async #begin(): Promise<void> {
    const names = ['lb1', 'lb2'] as const
    for (const name of names) for (const command of this.lab.commands(name)) this.print(`${name}$ ${command.join(' ')}`)
    this.watch.note('lab', 'lb1 and lb2 are started')
    for (const name of names) await this.lab.start(name)
    const isMaster = await this.#until(() => this.watch.adverts.some(({ from }) => from === 'lb1'), START_MS)
    if (!isMaster) throw new Error('lb1 did not become master: no advert of it was seen')
    const begunMs = this.watch.note('client', `asks ${VIPS.join(' and ')} for their real server, and downloads`)
    this.watch.startClient()
    await this.#until(() => this.#isWhole(begunMs), DOWNLOAD_LIMIT_MS)
  }

  /** The one that the client's persistent connections go to. */
  async #serverDies(): Promise<void> {
    const { by = 'rs1' } = this.watch.asked.filter(({ at }) => at === STICKY).at(-1) ?? {}
    const server: Server = by === 'rs2' ? 'rs2' : 'rs1'
    const died = `${server}’s web server is killed`
    const deed = this.#deed({ what: died, limitMs: LEAVES_MS + MOMENT_MS, hurts: 'meanwhile' })
    await this.lab.killWeb(server)
    await this.#rulesChange(deed, 'Removing', server)
    const returned = this.#deed({ what: `${server} is back`, limitMs: RETURNS_MS + MOMENT_MS, hurts: 'never' })
    await this.lab.serve(server)
    await this.#rulesChange(returned, 'Adding', server)
  }

  async #masterIsKilled(): Promise<void> {
    const killed = this.#masterDeed('lb1 is killed with -9', 'lb2', FAILOVER_MS, 'meanwhile')
    await this.lab.kill('lb1')
    await this.#masterComes(killed)
    await this.#noteHeld('its kernel still holds')
    const limitMs = START_MS + FAILOVER_MS
    const started = this.#masterDeed('lb1 is started again', 'lb1', limitMs, 'at the end')
    await this.lab.start('lb1')
    await this.#noteHeld('its kernel now holds')
    await this.#masterComes(started)
  }

  async #noteHeld(text: string): Promise<void> {
    const held = await this.lab.held('lb1')
    this.watch.note('lb1', `${text} ${held.join(' and ') || 'no virtual address'}`)
  }

  async #cableIsPulled(): Promise<void> {
    const pulled = this.#masterDeed('lb1’s cable is pulled', 'lb2', FAILOVER_MS, 'meanwhile')
    await this.lab.cable('lb1', 'down')
    await this.#masterComes(pulled)
    const plugged = this.#masterDeed('lb1’s cable is back', 'lb1', FAILOVER_MS + MOMENT_MS, 'at the end')
    await this.lab.cable('lb1', 'up')
    await this.#masterComes(plugged)
  }

  #deed(deed: Omit<Deed, 'atMs' | 'lateMs'>): Deed {
    this.watch.lateMs = 0
    const done: Deed = { ...deed, atMs: this.watch.note('lab', deed.what), lateMs: 0 }
    this.deeds.push(done)
    return done
  }
  #masterDeed(what: string, master: Balancer, limitMs: number, hurts: Deed['hurts']): Deed {
    return this.#deed({ what, master, limitMs, hurts })
  }

  /** Waits until both directors say of each virtual server that the real server has come or gone. */
  async #rulesChange(deed: Deed, what: 'Adding' | 'Removing', server: Server): Promise<void> {
    const { address } = SERVERS[server]
    const lines = (): number[] =>
      this.watch.said.filter(it => it.atMs >= deed.atMs && isAbout(it.text, what, address)).map(({ atMs }) => atMs)
    await this.#until(() => lines().length >= 2 * VIPS.length, deed.limitMs + LATE_MS)
    if (lines().length >= 2 * VIPS.length) deed.doneMs = lines()[2 * VIPS.length - 1]!
    await this.#done(deed)
  }

  /** Waits until the new master advertises, as the wire shows. */
  async #masterComes(deed: Deed): Promise<void> {
    const { adverts } = this.watch
    const first = (): number =>
      adverts.findIndex(it => it.atMs >= deed.atMs && it.from === deed.master && it.priority > 0)
    await this.#until(() => first() >= 0, deed.limitMs + LATE_MS)
    const at = first()
    if (at >= 0) {
      deed.doneMs = adverts[at]!.atMs
      const before = adverts.slice(0, at).filter(({ from }) => from !== deed.master)
      if (before.length > 0 && deed.hurts === 'meanwhile') deed.silenceMs = deed.doneMs - before.at(-1)!.atMs
    }
    await this.#done(deed)
  }

  /** Whether a download that began behind a time is whole. */
  #isWhole(behindMs: number): boolean {
    return this.watch.downloads.some(it => it.begunMs >= behindMs && it.octets === BIG_OCTETS)
  }

  /** Until it is told to stop. */
  async #sendBursts(): Promise<void> {
    const { requests, concurrency, pauseMs } = BURST
    const url = `http://${SPREAD}:${PORT}/`
    const by = which('ab') ? 'ab' : 'a program in place of ab'
    this.watch.note(
      'client',
      `${by} asks ${SPREAD} ${requests} times at a go, ${concurrency} at a time, again and again`,
    )
    const { spaces } = this.lab
    while (!this.#stop.signal.aborted) {
      const fromMs = wallMs()
      // A load that got no answer at all throws.
      const { answered } = await putLoad(spaces, 'client', url, requests, concurrency).catch(() => ({ answered: 0 }))
      if (spaces.signal?.aborted) return
      const failed = requests - answered
      this.bursts.push({ fromMs, toMs: wallMs(), answered, failed })
      if (failed > 0) this.watch.note('client', `${by}: ${failed} of ${requests} requests failed`)
      await sleep(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => {})
    }
  }

  #until(isSo: () => boolean, limitMs: number): Promise<boolean> {
    return until(isSo, limitMs, this.lab.spaces.signal)
  }
  async #done(deed: Deed): Promise<void> {
    deed.lateMs = this.watch.lateMs
    await sleep(REST_MS, undefined, { signal: this.lab.spaces.signal! })
  }
}
