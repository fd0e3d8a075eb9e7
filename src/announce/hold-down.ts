import type { Ipv4Addr } from '../wire/addr.js'
import type { Readiness } from './ready-vips.js'

/** A VIP that is not ready is withdrawn after so long, ms: rules that are taken out and put back at once move no flow. */
export const WITHDRAW_AFTER_MS = 1000

interface Vip {
  now: Readiness
  stands: boolean
  /** It was withdrawn while there were services: it waits the hold-down. */
  isHeld: boolean
  /** When `stands` is to follow `now`; undefined: it does. */
  dueMs: number | undefined
}

/** What is to be announced, and what withdrawn. */
export interface Steps {
  readonly come: Ipv4Addr[]
  readonly go: Ipv4Addr[]
}

/**
 * When a VIP that is ready is announced, and one that is not is withdrawn. A new one is announced at once; one that was withdrawn because no
 * real server was usable, when it has been ready for the hold-down without a break: so a real server that comes and goes moves routes
 * at most once in that time. Pure: times are arguments, ms.
 */
export class HoldDown {
  readonly #holdMs: number
  readonly #vips = new Map<Ipv4Addr, Vip>()
  /** Those with a due time. */
  readonly #waiting = new Set<Ipv4Addr>()

  constructor(holdMs: number) {
    this.#holdMs = holdMs
  }

  set(addr: Ipv4Addr, now: Readiness, nowMs: number): void {
    const vip = this.#vips.get(addr) ?? { now, stands: false, isHeld: false, dueMs: undefined }
    this.#vips.set(addr, vip)
    const wasReady = vip.dueMs !== undefined && vip.now === 'ready'
    vip.now = now
    const isReady = now === 'ready'
    if (isReady === vip.stands) vip.dueMs = undefined
    else if (vip.dueMs === undefined || isReady !== wasReady)
      vip.dueMs = nowMs + (isReady ? (vip.isHeld ? this.#holdMs : 0) : WITHDRAW_AFTER_MS)
    if (vip.dueMs === undefined) this.#waiting.delete(addr)
    else this.#waiting.add(addr)
    if (now === 'gone' && !vip.stands) this.#vips.delete(addr)
  }

  /** What is due by now, each told once. */
  take(nowMs: number): Steps {
    const steps: Steps = { come: [], go: [] }
    for (const addr of this.#waiting) {
      const vip = this.#vips.get(addr)!
      if (vip.dueMs! > nowMs) continue
      this.#waiting.delete(addr)
      vip.dueMs = undefined
      vip.stands = vip.now === 'ready'
      if (vip.stands) steps.come.push(addr)
      else steps.go.push(addr)
      vip.isHeld = vip.now === 'idle'
      if (vip.now === 'gone') this.#vips.delete(addr)
    }
    return steps
  }

  /** When the next is due; undefined: none is. */
  get nextMs(): number | undefined {
    let next: number | undefined
    for (const addr of this.#waiting) next = Math.min(next ?? Infinity, this.#vips.get(addr)!.dueMs!)
    return next
  }

  /** Those that are announced, and how many are ready and wait, or have no usable real server. */
  get standing(): Ipv4Addr[] {
    return [...this.#vips].flatMap(([addr, { stands }]) => (stands ? [addr] : []))
  }
  get counts(): { held: number; idle: number } {
    const others = [...this.#vips.values()].filter(({ stands }) => !stands)
    const held = others.filter(({ now }) => now === 'ready').length
    return { held, idle: others.length - held }
  }
}
