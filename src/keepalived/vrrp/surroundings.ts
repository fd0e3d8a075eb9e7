import { type IpAddr, isIpv4 } from '../../wire/ip-addr.js'
import type { LinkDelay } from './settings.js'

/** A link as the kernel, or the director, has it. */
export interface Link {
  readonly isUp: boolean
  readonly addresses: readonly IpAddr[]
}

/** What is known of the world: links, and what scripts, files and processes said last. Links may be believed late (up-down delays). */
export class Surroundings {
  readonly #links = new Map<string, Link>()
  readonly #scripts = new Map<string, boolean>()
  readonly #files = new Map<string, number>()
  readonly #processes = new Map<string, boolean>()
  /** Changes of `isUp` that are not believed yet. */
  readonly #waiting = new Map<string, { readonly isUp: boolean; readonly atMs: number }>()
  readonly #delays: ReadonlyMap<string, LinkDelay>

  constructor(delays: ReadonlyMap<string, LinkDelay>) {
    this.#delays = delays
  }

  /** Undefined: there is no such link. */
  link(name: string): Link | undefined {
    return this.#links.get(name)
  }
  /** Undefined: it has not ended yet. */
  script(name: string): boolean | undefined {
    return this.#scripts.get(name)
  }
  /** Undefined: it has not been read yet. */
  file(name: string): number | undefined {
    return this.#files.get(name)
  }
  process(name: string): boolean | undefined {
    return this.#processes.get(name)
  }

  setScript(name: string, isGood: boolean): void {
    this.#scripts.set(name, isGood)
  }
  setFile(name: string, value: number): void {
    this.#files.set(name, value)
  }
  setProcess(name: string, isGood: boolean): void {
    this.#processes.set(name, isGood)
  }

  /** Undefined: it is gone. A change of `isUp` alone waits for the interface's delay; a change back in the meantime ends the wait. */
  setLink(name: string, link: Link | undefined, nowMs: number): void {
    const before = this.#links.get(name)
    const delay = this.#delays.get(name)
    if (!link || !before || !delay) {
      this.#waiting.delete(name)
      if (link) this.#links.set(name, link)
      else this.#links.delete(name)
      return
    }
    this.#links.set(name, { ...link, isUp: before.isUp })
    if (link.isUp === before.isUp) this.#waiting.delete(name)
    else if (this.#waiting.get(name)?.isUp !== link.isUp) {
      this.#waiting.set(name, { isUp: link.isUp, atMs: nowMs + (link.isUp ? delay.upMs : delay.downMs) })
    }
  }

  /** When `advance` has something to do next. */
  get nextAtMs(): number {
    return Math.min(Infinity, ...[...this.#waiting.values()].map(({ atMs }) => atMs))
  }
  /** Believes what has waited long enough; returns whether there was any. */
  advance(nowMs: number): boolean {
    let isChanged = false
    for (const [name, { isUp, atMs }] of this.#waiting) {
      if (atMs > nowMs) continue
      this.#waiting.delete(name)
      const link = this.#links.get(name)
      if (link) this.#links.set(name, { ...link, isUp })
      isChanged = true
    }
    return isChanged
  }

  /** The address that adverts of a family leave from: the first one; of IPv6 the first of the link alone. */
  sourceOf(name: string, family: 4 | 6): IpAddr | undefined {
    const addresses = this.#links.get(name)?.addresses ?? []
    if (family === 4) return addresses.find(isIpv4)
    return addresses.find(addr => !isIpv4(addr) && addr[0] >>> 22 === 0xfe80 >>> 6)
  }

  /** What `next` needs to know of what was heard so far: after a reload. */
  copyTo(next: Surroundings): void {
    for (const [name, link] of this.#links) next.#links.set(name, link)
    for (const [name, isGood] of this.#scripts) next.#scripts.set(name, isGood)
    for (const [name, value] of this.#files) next.#files.set(name, value)
    for (const [name, isGood] of this.#processes) next.#processes.set(name, isGood)
    for (const [name, waiting] of this.#waiting) next.#waiting.set(name, waiting)
  }
}
