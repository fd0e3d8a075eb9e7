import type { Ipv4Addr } from '../wire/addr.js'
import { goldenHash } from './hash.js'

const BUCKET_BITS = 10
const BUCKETS = 2 ** BUCKET_BITS
/** Up to this many entries nothing is swept early, and at this many no entry is added. */
const MOST = 16 * BUCKETS
export const LIMIT = 24 * BUCKETS
/** Sweeps, one a minute, from one full sweep to the next. */
const FULL_SWEEP = 30
/** An entry unused for this long may be removed when there are too many. */
const IDLE_MS = 360_000

/** The entry of a destination address. */
export interface CacheEntry {
  readonly addr: Ipv4Addr
  lastUse: number
}

/** The memory of lblc and lblcr: an entry for each destination address, and when entries expire (ipvs-behaviour.md §3.7). */
export class LocalityCache<E extends CacheEntry> {
  /** A bucket is made with its first entry, so that many idle services cost little. */
  readonly #buckets: (E[] | undefined)[] = []
  readonly #forget: (entry: E) => void
  #count = 0
  #minutes = 1
  /** The bucket at which the last partial sweep ended. */
  #lastSwept = 0

  /** `forget` is called with each entry that is removed. */
  constructor(forget: (entry: E) => void) {
    this.#forget = forget
  }

  get count(): number {
    return this.#count
  }
  find(addr: Ipv4Addr): E | undefined {
    const bucket = this.#bucket(addr)
    for (let i = 0; i < bucket.length; i++) if (bucket[i]!.addr === addr) return bucket[i]
    return undefined
  }
  /** Whether there is room for one more. */
  get hasRoom(): boolean {
    return this.#count < LIMIT
  }
  add(entry: E): void {
    this.#bucket(entry.addr).unshift(entry)
    this.#count++
  }
  remove(entry: E): void {
    const bucket = this.#bucket(entry.addr)
    bucket.splice(bucket.indexOf(entry), 1)
    this.#count--
    this.#forget(entry)
  }

  /** Once a minute. Every thirtieth sweep removes what is older than `expirationMs`; others act only when there are too many. */
  sweep(nowMs: number, expirationMs: number): void {
    if (this.#minutes % FULL_SWEEP === 0) {
      for (let bucket = 0; bucket < BUCKETS; bucket++) this.#removeIdle(bucket, nowMs - expirationMs)
      this.#minutes = 1
    } else if (this.#count <= MOST) this.#minutes++
    else this.#sweepPart(nowMs)
  }
  clear(): void {
    for (const bucket of this.#buckets) for (const entry of bucket?.splice(0) ?? []) this.#forget(entry)
    this.#count = 0
  }

  #sweepPart(nowMs: number): void {
    let goal = Math.min(Math.floor(((this.#count - MOST) * 4) / 3), MOST / 2)
    for (let i = 0; i < BUCKETS; i++) {
      this.#lastSwept = (this.#lastSwept + 1) % BUCKETS
      goal -= this.#removeIdle(this.#lastSwept, nowMs - IDLE_MS)
      if (goal <= 0) return
    }
  }
  /** Removes entries last used at `before` or earlier; returns how many. */
  #removeIdle(bucket: number, before: number): number {
    const idle = this.#buckets[bucket]?.filter(entry => entry.lastUse <= before) ?? []
    for (const entry of idle) this.remove(entry)
    return idle.length
  }
  #bucket(addr: Ipv4Addr): E[] {
    return (this.#buckets[goldenHash(addr, BUCKET_BITS)] ??= [])
  }
}
