import { isIpv4 } from '../../wire/ip-addr.js'
import type { Outbox } from './action.js'
import type { GarpGroup, RouterSettings, Vip } from './settings.js'

export type AnnouncerSettings = Pick<RouterSettings, 'garpIntervalMs' | 'gnaIntervalMs' | 'garpGroups'>

interface Queued {
  readonly instance: string
  readonly vip: Vip
  /** Its place in the configuration: the first one goes first. */
  readonly place: number
}

/** What waits on one interface, or those of a group, of one family: each address once. */
interface Queue {
  readonly waiting: Map<string, Queued>
  readonly intervalMs: number
  nextAtMs: number
}

/**
 * Sends gratuitous ARPs and neighbour advertisements. With an interval they wait in a queue for each interface, or one for those of a
 * garp_group together, and what waits already is not queued again (recording garp-interval).
 */
export class GarpQueues {
  readonly #outbox: Outbox
  readonly #settings: AnnouncerSettings
  readonly #queues = new Map<string, Queue>()

  constructor(outbox: Outbox, settings: AnnouncerSettings) {
    this.#outbox = outbox
    this.#settings = settings
  }

  /** One after the other, and that `rounds` times. */
  announce(instance: string, vips: readonly Vip[], rounds: number, nowMs: number): void {
    for (let round = 0; round < rounds; round++)
      for (const [place, vip] of vips.entries()) this.#one({ instance, vip, place }, nowMs)
  }

  /** Forgets what waits: the instance is master no longer. */
  forget(instance: string): void {
    for (const { waiting } of this.#queues.values())
      for (const [key, queued] of waiting) if (queued.instance === instance) waiting.delete(key)
  }

  get nextAtMs(): number {
    let next = Infinity
    for (const { waiting, nextAtMs } of this.#queues.values()) if (waiting.size > 0) next = Math.min(next, nextAtMs)
    return next
  }

  advance(nowMs: number): void {
    for (const queue of this.#queues.values()) {
      if (queue.nextAtMs > nowMs) continue
      const [first] = [...queue.waiting].sort(([, a], [, b]) => a.place - b.place)
      if (!first) continue
      queue.waiting.delete(first[0])
      queue.nextAtMs = nowMs + queue.intervalMs
      this.#send(first[1])
    }
  }

  #one(queued: Queued, nowMs: number): void {
    const { instance, vip } = queued
    const { name, intervalMs } = this.#pace(vip)
    if (intervalMs === 0) {
      this.#send(queued)
      return
    }
    let queue = this.#queues.get(name)
    if (!queue) {
      queue = { waiting: new Map(), intervalMs, nextAtMs: nowMs }
      this.#queues.set(name, queue)
    }
    if (queue.nextAtMs <= nowMs && queue.waiting.size === 0) {
      queue.nextAtMs = nowMs + intervalMs
      this.#send(queued)
      return
    }
    const key = `${instance} ${String(vip.address)}`
    if (!queue.waiting.has(key)) queue.waiting.set(key, queued)
  }

  /** Which queue an address waits in, and how long. */
  #pace(vip: Vip): { readonly name: string; readonly intervalMs: number } {
    const { garpGroups, garpIntervalMs, gnaIntervalMs } = this.#settings
    const [key, otherwise] = isIpv4(vip.address)
      ? (['garpIntervalMs', garpIntervalMs] as const)
      : (['gnaIntervalMs', gnaIntervalMs] as const)
    const isIn = (group: GarpGroup): boolean => group[key] !== undefined && group.interfaces.includes(vip.interface)
    const at = garpGroups.findIndex(isIn)
    const name = at < 0 ? `interface ${vip.interface}` : `group ${at}`
    return { name: `${key} ${name}`, intervalMs: garpGroups[at]?.[key] ?? otherwise }
  }

  #send({ instance, vip }: Queued): void {
    this.#outbox.put({ kind: 'announce', instance, interface: vip.interface, address: vip.address })
  }
}
