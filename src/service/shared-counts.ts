/*
 * Counts of connections that several directors, each in its own thread, share: schedulers and thresholds go by the sum over
 * all directors. Each real server of a service has one slot of shared memory. Counts are written by Atomics, when a connection
 * opens, ends, or changes between active and inactive. Slots are allocated and freed under a lock, when a real server is
 * added or released.
 *
 * All directors use the same slot for a real server, and it is freed by the last one. A director may thus keep a deleted real
 * server for as long as its own connections refer to it.
 */
import type { Ipv4Addr } from '../wire/addr.js'
import type { ServiceIdentity } from './service-identity.js'

/** A destination's counts. */
export const Count = {
  ACTIVE: 0,
  TOTAL: 1,
  /** Persistence templates. */
  PERSISTENT: 2,
  /** 1: the upper threshold was reached. */
  OVERLOADED: 3,
} as const
export const COUNTS = 4

/** Words of a slot: the counts, then how many directors hold it (0: free), … */
const HOLDERS = COUNTS
/** … the next slot in the hash bucket or in the list of free slots, … */
const NEXT = HOLDERS + 1
/** … protocol, address, port and mark of the service, address and port of the real server. */
const IDENTITY = NEXT + 1
const IDENTITY_WORDS = 6
/** A cache line, so that writes to two real servers' slots do not share one. */
const SLOT_WORDS = 16

/** The most real servers, deleted ones with connections included. The system backs the memory only when it is used. */
const CAPACITY = 2 ** 20
const BUCKETS = 2 ** 18

/** Words before the slots: the lock, the first free slot, the number of slots ever used, the hash buckets. Slot 0 is unused. */
const LOCK = 0
const FREE = 1
const USED = 2
const HEADS = SLOT_WORDS
const SLOTS = HEADS + BUCKETS

/** How long a thread sleeps when the lock is taken, in ms. The lock is held for microseconds. */
const LOCK_WAIT_MS = 1

export class SharedCounts {
  /** The whole memory. A slot is named by the index of its first word. */
  readonly words: Int32Array

  /** Over another thread's memory, or over new memory. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer((SLOTS + (CAPACITY + 1) * SLOT_WORDS) * 4)) {
    this.words = new Int32Array(buffer)
  }

  get buffer(): SharedArrayBuffer {
    return this.words.buffer as SharedArrayBuffer
  }
  /** The number of slots held. For tests. */
  get held(): number {
    const { words } = this
    let free = 0
    for (let at = words[FREE]!; at !== 0; at = words[at + NEXT]!) free++
    return words[USED]! - free
  }

  /** Whether a real server has a slot or can get one. */
  hasRoomFor(service: ServiceIdentity, addr: Ipv4Addr, port: number): boolean {
    return this.#locked(() => this.#find(service, addr, port) !== 0 || this.#hasFree)
  }
  /**
   * Returns the slot of a real server. Each director that has the destination holds the slot once. RangeError if there is
   * no room.
   */
  hold(service: ServiceIdentity, addr: Ipv4Addr, port: number): number {
    return this.#locked(() => {
      const at = this.#find(service, addr, port) || this.#take(service, addr, port)
      this.words[at + HOLDERS]!++
      return at
    })
  }
  /** The director no longer has the destination. The last holder frees the slot. */
  letGo(at: number): void {
    this.#locked(() => {
      if (--this.words[at + HOLDERS]! === 0) this.#free(at)
    })
  }

  get #hasFree(): boolean {
    return this.words[FREE] !== 0 || this.words[USED]! < CAPACITY
  }
  #find(service: ServiceIdentity, addr: Ipv4Addr, port: number): number {
    const { words } = this
    const identity = identityOf(service, addr, port)
    let at = words[bucketOf(identity)]!
    while (at !== 0 && identity.some((word, i) => words[at + IDENTITY + i] !== word)) at = words[at + NEXT]!
    return at
  }
  #take(service: ServiceIdentity, addr: Ipv4Addr, port: number): number {
    if (!this.#hasFree) throw new RangeError(`there is no room for more than ${CAPACITY} real servers`)
    const { words } = this
    let at = words[FREE]!
    if (at !== 0) words[FREE] = words[at + NEXT]!
    else at = SLOTS + ++words[USED]! * SLOT_WORDS
    words.fill(0, at, at + SLOT_WORDS)
    const identity = identityOf(service, addr, port)
    words.set(identity, at + IDENTITY)
    const bucket = bucketOf(identity)
    words[at + NEXT] = words[bucket]!
    words[bucket] = at
    return at
  }
  #free(at: number): void {
    const { words } = this
    const bucket = bucketOf(words.subarray(at + IDENTITY, at + IDENTITY + IDENTITY_WORDS))
    if (words[bucket] === at) words[bucket] = words[at + NEXT]!
    else {
      let other = words[bucket]!
      while (words[other + NEXT] !== at) other = words[other + NEXT]!
      words[other + NEXT] = words[at + NEXT]!
    }
    words[at + NEXT] = words[FREE]!
    words[FREE] = at
  }

  #locked<T>(work: () => T): T {
    const { words } = this
    while (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) Atomics.wait(words, LOCK, 1, LOCK_WAIT_MS)
    try {
      return work()
    } finally {
      Atomics.store(words, LOCK, 0)
      Atomics.notify(words, LOCK, 1)
    }
  }
}

/** Identity in words. Of a service of a mark only the mark counts (ipvs-behaviour.md §2.7). */
function identityOf({ protocol, addr, port, mark }: ServiceIdentity, daddr: Ipv4Addr, dport: number): Int32Array {
  return mark === 0 ? Int32Array.of(protocol, addr, port, 0, daddr, dport) : Int32Array.of(0, 0, 0, mark, daddr, dport)
}

function bucketOf(identity: Int32Array): number {
  let h = 0
  for (const word of identity) {
    h = Math.imul(h ^ word, 0x9e3779b1)
    h ^= h >>> 15
  }
  return HEADS + (h & (BUCKETS - 1))
}
