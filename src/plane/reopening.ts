/*
 * An interface that was deleted and made again, with several workers: each opens its own device, in the order of the workers, since a
 * fanout group numbers its members as they join. What they know of each other is in shared memory, a row a link.
 * 1. the first worker opens its device and begins a group
 * 2. each other one joins when those before it have: the interface that the first worker chose, whatever names it has seen itself
 * 3. when all have joined, each begins to hear: before, frames of one worker's connections would come to another
 */
import type { FanoutGroup } from '../io/fanout.js'
import type { Device } from '../packet/device.js'

/** A row, in words. STATE: the number of workers that have joined, and above it how often the interface was opened anew. */
const Row = { STATE: 0, IFINDEX: 1, GROUP: 2, IS_FRONTED: 3 } as const
const ROW_WORDS = 4
const ROUND = 1 << 8
const JOINED = ROUND - 1

/** Shared memory for the workers of a director with so many links. */
export function reopeningMemory(links: number): SharedArrayBuffer {
  return new SharedArrayBuffer(links * ROW_WORDS * Int32Array.BYTES_PER_ELEMENT)
}

/** A device that shares its interface with those of other workers. */
export interface SharedDevice extends Device {
  readonly group: FanoutGroup | undefined
  /** Its interface has gone, also if one of the same number is there. */
  readonly isDead: boolean
  /** Begins to hear. */
  hear(): void
}

/** Opens a device that does not hear yet. `group`: what it joins; undefined for the first worker's. Throws if that cannot be. */
export type OpenShared = (link: number, name: string, group: FanoutGroup | undefined) => SharedDevice

interface Pending {
  readonly ifindex: number
  readonly round: number
  readonly device: SharedDevice
}

/** One worker's part in it. */
export class Reopening {
  readonly #rows: Int32Array
  readonly #worker: number
  readonly #workers: number
  readonly #open: OpenShared
  /** Opened, and waiting for the other workers; by the number of the link. */
  readonly #pending = new Map<number, Pending>()

  constructor(memory: SharedArrayBuffer, worker: { index: number; of: number }, open: OpenShared) {
    this.#rows = new Int32Array(memory)
    this.#worker = worker.index
    this.#workers = worker.of
    this.#open = open
  }

  /** Returns the link's new device when every worker has one; undefined before: ask again. Throws what `open` throws. */
  take(link: number, name: string, ifindex: number): Device | undefined {
    const before = this.#pending.get(link)
    if (before && !this.#holds(before, link, ifindex)) this.#giveUp(link, before)
    const pending = this.#pending.get(link) ?? this.#join(link, name, ifindex)
    if (pending === undefined || (this.#state(link) & JOINED) !== this.#workers) return undefined
    this.#pending.delete(link)
    pending.device.hear()
    return pending.device
  }
  /** The number of the interface that the first worker has opened, 0 if none; undefined for the first worker. */
  chosen(link: number): number | undefined {
    return this.#worker === 0 ? undefined : Atomics.load(this.#rows, link * ROW_WORDS + Row.IFINDEX)
  }
  close(): void {
    for (const [link, pending] of this.#pending) this.#giveUp(link, pending)
  }

  #join(link: number, name: string, ifindex: number): Pending | undefined {
    const state = this.#state(link)
    const at = link * ROW_WORDS
    const rows = this.#rows
    const isFirst = this.#worker === 0
    if (!isFirst && ((state & JOINED) !== this.#worker || rows[at + Row.IFINDEX] !== ifindex)) return undefined
    const group = isFirst ? undefined : { id: rows[at + Row.GROUP]!, isFronted: rows[at + Row.IS_FRONTED] === 1 }
    const device = this.#open(link, name, group)
    const joined = isFirst ? ((state & ~JOINED) + ROUND) | 1 : state + 1
    if (isFirst) {
      rows[at + Row.IFINDEX] = ifindex
      rows[at + Row.GROUP] = device.group!.id
      rows[at + Row.IS_FRONTED] = Number(device.group!.isFronted)
    }
    // Last: it tells the next worker that the row is true. Only the first one can have written in between, for a newer interface.
    if (Atomics.compareExchange(rows, at + Row.STATE, state, joined) !== state) {
      device.close()
      return undefined
    }
    const pending = { ifindex, round: joined >> 8, device }
    this.#pending.set(link, pending)
    return pending
  }
  #holds({ ifindex, round, device }: Pending, link: number, wanted: number): boolean {
    return ifindex === wanted && round === this.#state(link) >> 8 && !device.isDead
  }
  #giveUp(link: number, { device }: Pending): void {
    this.#pending.delete(link)
    device.close()
  }
  #state(link: number): number {
    return Atomics.load(this.#rows, link * ROW_WORDS + Row.STATE)
  }
}
