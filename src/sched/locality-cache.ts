import { goldenHash } from './hash.js'

const BUCKET_BITS = 10
const BUCKETS = 2 ** BUCKET_BITS
/** Entries up to which nothing is swept early, and at which no more are made. */
const MOST = 16 * BUCKETS
export const LIMIT = 24 * BUCKETS
/** Sweeps, a minute apart, from one full sweep to the next. */
const FULL_SWEEP = 30
/** What has not been used for so long may go when there are too many. */
const IDLE_MS = 360_000

/** What is remembered of a destination address. */
export interface CacheEntry {
  readonly addr: number
  lastUse: number
}

/** The memory of lblc and lblcr: an entry a destination address, and how entries are forgotten (ipvs-behaviour.md §3.7). */
export class LocalityCache<E extends CacheEntry> {
  /** A bucket is made with its first entry: a service of many has none. */
  readonly #buckets: (E[] | undefined)[] = []
  readonly #forget: (entry: E) => void
  #count = 0
  #minutes = 1
  /** The bucket that a partial sweep saw last. */
  #lastSwept = 0

  /** `forget` is told of each entry that goes. */
  constructor(forget: (entry: E) => void) {
    this.#forget = forget
  }

  get count(): number {
    return this.#count
  }
  find(addr: number): E | undefined {
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

  /** Once a minute: every thirtieth time what is older than `expirationMs` goes; in between, only when there are too many. */
  sweep(now: number, expirationMs: number): void {
    if (this.#minutes % FULL_SWEEP === 0) {
      for (let bucket = 0; bucket < BUCKETS; bucket++) this.#removeIdle(bucket, now - expirationMs)
      this.#minutes = 1
    } else if (this.#count <= MOST) this.#minutes++
    else this.#sweepPart(now)
  }
  clear(): void {
    for (const bucket of this.#buckets) for (const entry of bucket?.splice(0) ?? []) this.#forget(entry)
    this.#count = 0
  }

  #sweepPart(now: number): void {
    let goal = Math.min(Math.floor(((this.#count - MOST) * 4) / 3), MOST / 2)
    for (let i = 0; i < BUCKETS; i++) {
      this.#lastSwept = (this.#lastSwept + 1) % BUCKETS
      goal -= this.#removeIdle(this.#lastSwept, now - IDLE_MS)
      if (goal <= 0) return
    }
  }
  /** Removes what was last used at `before` or earlier; answers how many. */
  #removeIdle(bucket: number, before: number): number {
    const idle = this.#buckets[bucket]?.filter(entry => entry.lastUse <= before) ?? []
    for (const entry of idle) this.remove(entry)
    return idle.length
  }
  #bucket(addr: number): E[] {
    return (this.#buckets[goldenHash(addr, BUCKET_BITS)] ??= [])
  }
}
