import type { Capture } from '../capture.js'
import { ours } from '../tools.js'
import { type Asked, clientNews, type Download } from './client-news.js'
import { FollowedFile } from './follow-file.js'
import type { HaLab } from './ha-lab.js'
import { type Balancer, PORT, VIPS } from './ha-plan.js'
import { bare, isRefusal, isShown } from './log-lines.js'
import { Narrator } from './narrator.js'
import { Timeline } from './timeline.js'
import { type Advert, WIRE_FILTER, wireNews } from './wire-news.js'

const LOOK_MS = 50
/** The client asks each address so often, ms, and downloads at this rate, octets a second. */
const PACE_MS = 50
const RATE = 40_000_000

/** A line of a director's log. */
export interface Said {
  atMs: number
  who: Balancer
  /** Without its writer's name. */
  text: string
}

/** Ms since 1970. */
export const wallMs = (): number => performance.timeOrigin + performance.now()

/** Looks at the wire, the directors' logs and the client's results all the time; keeps what they say, and puts it into the timeline. */
export class HaWatch {
  readonly adverts: Advert[] = []
  readonly said: Said[] = []
  readonly asked: Asked[] = []
  readonly downloads: Download[] = []
  readonly timeline: Timeline
  /** How late a look was at most, ms. The story begins it anew. */
  lateMs = 0
  #lookedMs = performance.now()
  /** Frames that the capture had no room for. */
  lost = 0
  readonly #narrator: Narrator
  readonly #logs: readonly { who: Balancer; file: FollowedFile }[]
  readonly #client: FollowedFile
  readonly #looking: NodeJS.Timeout

  private constructor(
    readonly lab: HaLab,
    readonly capture: Capture,
    print: (line: string) => void,
  ) {
    this.timeline = new Timeline(wallMs(), print)
    this.#narrator = new Narrator(this.timeline)
    this.#logs = lab.logs().map(({ who, path }) => ({ who, file: new FollowedFile(path) }))
    this.#client = new FollowedFile(lab.file('client.log'))
    this.#looking = setInterval(() => this.look(), LOOK_MS)
  }

  static async begin(lab: HaLab, print: (line: string) => void): Promise<HaWatch> {
    // Not imported above: it needs native code, and `uvs lab --help` does not.
    const { Capture } = await import('../capture.js')
    const there = new Map([['client', `/run/netns/${lab.spaces.full('client')}`]])
    return new HaWatch(lab, Capture.open(there, WIRE_FILTER), print)
  }

  startClient(): void {
    const { spaces, webs } = this.lab
    const urls = VIPS.map(vip => `http://${vip}:${PORT}/`)
    const big = `${urls[0]}${webs.get('rs1')!.bigPath}`
    const args = [ours('netns-lab/ha/ha-client.js'), String(PACE_MS), String(RATE), big, ...urls]
    spaces.start('client', 'client', process.execPath, args)
  }

  /** What the lab itself does, or sees. Returns when that was. */
  note(who: string, text: string): number {
    const atMs = wallMs()
    this.timeline.add(atMs, who, text)
    return atMs
  }

  /** Takes what is new. */
  look(): void {
    const nowMs = performance.now()
    this.lateMs = Math.max(this.lateMs, nowMs - this.#lookedMs - LOOK_MS)
    this.#lookedMs = nowMs
    for (const frame of this.capture.take()) {
      const news = wireNews(frame)
      if (news && 'priority' in news) {
        this.adverts.push(news)
        this.#narrator.advert(news)
      } else if (news) this.#narrator.announcement(news)
    }
    this.lost += this.capture.lost()
    for (const { who, file } of this.#logs) for (const line of file.lines()) this.#hear(who, bare(line))
    for (const news of clientNews(this.#client.lines())) {
      if (news.kind === 'asked') {
        this.asked.push(news)
        this.#narrator.asked(news)
      } else {
        this.downloads.push(news)
        this.#narrator.download(news)
      }
    }
    this.timeline.flush(wallMs())
  }

  #hear(who: Balancer, text: string): void {
    const atMs = wallMs()
    this.said.push({ atMs, who, text })
    if (isShown(text)) this.timeline.add(atMs, who, text)
  }

  /** What the logs say of adverts that were refused. */
  refusals(): string[] {
    return this.said.flatMap(({ who, text }) => (isRefusal(text) ? [`${who}: ${text}`] : []))
  }

  /** The last look; all is printed. May be called again. */
  end(): void {
    clearInterval(this.#looking)
    this.capture.close()
  }
  finish(): void {
    this.look()
    this.#narrator.endOfReign(wallMs())
    this.timeline.flush(Infinity)
  }
}
