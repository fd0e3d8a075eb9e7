import { after, between, HZ, type Jiffies } from './jiffies.js'

/** How long a real server keeps a closed connection's pair in TIME_WAIT: Linux's TCP_TIMEWAIT_LEN. In jiffies. */
const REST = 60 * HZ
const FIRST_RING = 1024
/** pool, port, the jiffy until which it rests */
const FIELDS = 3

/** Takes pairs back. */
export interface PairSink {
  give(pool: number, port: number): void
}

/**
 * Pairs of connections that ended before their time: the real server may still hold them, in TIME_WAIT, and would not
 * take a new connection from there. They rest for a minute, the first to come the first to go.
 */
export class RestingPorts {
  #ring = new Int32Array(0)
  #head = 0
  #count = 0

  get count(): number {
    return this.#count
  }
  add(pool: number, port: number, now: Jiffies): void {
    const ring = this.#roomy()
    const at = this.#at(this.#count++)
    ring[at] = pool
    ring[at + 1] = port
    ring[at + 2] = after(now, REST)
  }
  /** Gives back those that have rested, at most `most`. */
  wake(now: Jiffies, most: number, sink: PairSink): void {
    for (; this.#count > 0 && most > 0; most--) {
      const at = this.#at(0)
      if (between(this.#ring[at + 2]! as Jiffies, now) < 0) return
      this.#head = (this.#head + 1) & (this.#capacity - 1)
      this.#count--
      sink.give(this.#ring[at]!, this.#ring[at + 1]!)
    }
  }
  clear(): void {
    this.#count = 0
    this.#head = 0
  }

  get #capacity(): number {
    return this.#ring.length / FIELDS
  }
  /** Where the nth from the head is. */
  #at(n: number): number {
    return ((this.#head + n) & (this.#capacity - 1)) * FIELDS
  }
  #roomy(): Int32Array {
    const ring = this.#ring
    if (this.#count < this.#capacity) return ring
    const wider = new Int32Array(Math.max(FIRST_RING * FIELDS, ring.length * 2))
    wider.set(ring.subarray(this.#head * FIELDS))
    wider.set(ring.subarray(0, this.#head * FIELDS), ring.length - this.#head * FIELDS)
    this.#head = 0
    this.#ring = wider
    return wider
  }
}
