import type { Asked, Download } from './client-news.js'
import { STICKY } from './ha-plan.js'
import { type Reign, reigns } from './masters.js'
import type { Timeline } from './timeline.js'
import type { Advert, Announcement } from './wire-news.js'

/** Requests that fail are one run until none has failed for so long, ms. */
const RUN_MS = 1000

/** Turns what is seen into lines of the timeline: what repeats is told once, and counted. */
export class Narrator {
  readonly #announced = new Map<string, string>()
  /** By virtual address: the requests that have failed in a row. */
  readonly #runs = new Map<string, { fromMs: number; lastMs: number; words: Map<string, number> }>()
  #reign: Advert[] = []
  #stickyBy: string | undefined

  constructor(readonly timeline: Timeline) {}

  advert(advert: Advert): void {
    const { from, atMs, priority } = advert
    const last = this.#reign.at(-1)
    if (last?.from === from && last.priority === priority) return void this.#reign.push(advert)
    this.endOfReign(atMs)
    this.#reign = [advert]
    this.timeline.add(
      atMs,
      'wire',
      priority === 0 ? `${from} says good-bye` : `${from} advertises priority ${priority}`,
    )
  }

  /** Tells of the adverts since the master last changed. */
  endOfReign(atMs: number): void {
    const [reign] = reigns(this.#reign)
    if (reign) this.timeline.add(atMs, 'wire', reignText(reign))
    this.#reign = []
  }

  announcement({ atMs, address, mac }: Announcement): void {
    if (this.#announced.get(address) === mac) return
    this.#announced.set(address, mac)
    this.timeline.add(atMs, 'wire', `gratuitous ARP: ${address} is at ${mac}`)
  }

  asked({ at, atMs, tookMs, by, error }: Asked): void {
    const endMs = atMs + tookMs
    const run = this.#runs.get(at)
    if (error !== undefined) {
      if (!run) this.timeline.add(endMs, 'client', `requests to ${at} fail: ${error}`)
      const words = run?.words ?? new Map<string, number>()
      words.set(error, (words.get(error) ?? 0) + 1)
      this.#runs.set(at, { fromMs: run?.fromMs ?? atMs, lastMs: endMs, words })
    } else if (at === STICKY && by !== this.#stickyBy) {
      this.#stickyBy = by
      this.timeline.add(
        endMs,
        'client',
        `${at} is answered by ${by}, and will be as long as ${by} and the master are there`,
      )
    }
    if (error === undefined && run && endMs > run.lastMs + RUN_MS) this.#endOfRun(at, endMs)
  }

  #endOfRun(at: string, atMs: number): void {
    const { fromMs, lastMs, words } = this.#runs.get(at)!
    this.#runs.delete(at)
    const each = [...words].map(([word, times]) => `${times} ${word}`).join(', ')
    const seconds = ((lastMs - fromMs) / 1000).toFixed(2)
    this.timeline.add(atMs, 'client', `requests to ${at} are all answered again; failed in ${seconds} s: ${each}`)
  }

  download({ begunMs, endMs, octets, error }: Download): void {
    const whole = `${megabytes(octets)} in ${((endMs - begunMs) / 1000).toFixed(1)} s`
    const text = error === undefined ? `a download is whole: ${whole}` : `a download breaks after ${whole}: ${error}`
    this.timeline.add(endMs, 'client', text)
  }
}

/** 200000000 → '200.0 MB' */
export function megabytes(octets: number): string {
  return `${(octets / 1e6).toFixed(1)} MB`
}

/** '9 adverts of lb1 in 8.01 s, the longest pause 1.00 s' */
export function reignText({ by, adverts, fromMs, toMs, longestMs }: Reign): string {
  const [all, longest] = [toMs - fromMs, longestMs].map(ms => (ms / 1000).toFixed(2))
  return `${adverts} adverts of ${by} in ${all} s, the longest pause ${longest} s`
}
