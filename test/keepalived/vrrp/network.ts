import type { Action } from '../../../src/keepalived/vrrp/action.js'
import type { RouterSettings } from '../../../src/keepalived/vrrp/settings.js'
import { Machine } from './machine.js'

/* Hosts on one wire (or two: eth0 and eth1) in virtual time, with loss, delay and partitions. */

/** What the wire does at a moment. */
export interface Weather {
  /** 0–1. */
  loss: number
  leastDelayMs: number
  mostDelayMs: number
  /** Which side of the partition a host is on, by interface; absent: all together. */
  sides: Partial<Record<string, readonly number[]>>
}

export const FAIR: Weather = { loss: 0, leastDelayMs: 0.1, mostDelayMs: 1, sides: {} }

interface Flying {
  readonly atMs: number
  readonly to: number
  readonly on: string
  readonly packet: Uint8Array
}

/** A time during which so many were master. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
  readonly masters: number
}

export class Network {
  readonly hosts: (Machine | undefined)[]
  weather: Weather = FAIR
  nowMs = 0
  /** Of the first instance: how many hosts were master, since when. */
  readonly spans: Span[] = []
  #flying: Flying[] = []
  #masters = 0
  #sinceMs = 0
  readonly #random: () => number

  constructor(settings: readonly RouterSettings[], random: () => number) {
    this.#random = random
    this.hosts = settings.map((each, at) => new Machine(each, at + 1))
  }

  start(at: number): void {
    const host = this.hosts[at]
    if (host) {
      host.nowMs = this.nowMs
      this.#did(at, host.start())
    }
  }
  /** It says good-bye. */
  stop(at: number): void {
    const host = this.hosts[at]
    if (host) this.#did(at, host.router.stop(this.nowMs))
    this.hosts[at] = undefined
    this.#count()
  }
  /** As kill -9, or a plug that is pulled. */
  kill(at: number): void {
    this.hosts[at] = undefined
    this.#count()
  }

  /** Hosts whose first instance is master. */
  get masters(): number[] {
    return this.hosts.flatMap((host, at) => (host?.instance.state === 'MASTER' ? [at] : []))
  }

  runUntil(untilMs: number, after?: () => void): void {
    for (let at = this.#nextAt(); at <= untilMs; at = this.#nextAt()) {
      this.nowMs = Math.max(this.nowMs, at)
      this.#deliver()
      for (const [index, host] of this.hosts.entries()) {
        if (!host || host.router.nextAtMs > this.nowMs) continue
        host.nowMs = this.nowMs
        this.#did(index, host.router.advance(this.nowMs))
      }
      this.#count()
      after?.()
    }
    this.nowMs = untilMs
    this.#count(true)
  }

  #nextAt(): number {
    let next = Infinity
    for (const { atMs } of this.#flying) next = Math.min(next, atMs)
    for (const host of this.hosts) if (host) next = Math.min(next, host.router.nextAtMs)
    return next
  }

  #deliver(): void {
    const due = this.#flying.filter(({ atMs }) => atMs <= this.nowMs).sort((one, other) => one.atMs - other.atMs)
    this.#flying = this.#flying.filter(({ atMs }) => atMs > this.nowMs)
    for (const { to, on, packet } of due) {
      const host = this.hosts[to]
      if (!host) continue
      host.nowMs = this.nowMs
      this.#did(to, host.hear(packet, on))
    }
  }

  #did(from: number, actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.kind !== 'advert') continue
      for (const to of this.hosts.keys()) if (to !== from) this.#fly(from, to, action.interface, action.packet)
    }
    const host = this.hosts[from]
    if (host) host.actions.length = 0
  }

  #fly(from: number, to: number, on: string, packet: Uint8Array): void {
    const { loss, leastDelayMs, mostDelayMs, sides } = this.weather
    const side = sides[on]
    if ((side && side[from] !== side[to]) || this.#random() < loss) return
    const delay = leastDelayMs + this.#random() * (mostDelayMs - leastDelayMs)
    this.#flying.push({ atMs: this.nowMs + delay, to, on, packet })
  }

  #count(ends = false): void {
    const masters = this.masters.length
    if (masters === this.#masters && !ends) return
    if (this.nowMs > this.#sinceMs) this.spans.push({ fromMs: this.#sinceMs, toMs: this.nowMs, masters: this.#masters })
    this.#masters = masters
    this.#sinceMs = this.nowMs
  }
}

/** The longest time without a break, from `fromMs` on, in which the number of masters was such. */
export function longest(spans: readonly Span[], fromMs: number, isSuch: (masters: number) => boolean): number {
  let [most, run] = [0, 0]
  for (const span of spans) {
    if (span.toMs <= fromMs) continue
    run = isSuch(span.masters) ? run + span.toMs - Math.max(span.fromMs, fromMs) : 0
    most = Math.max(most, run)
  }
  return most
}
