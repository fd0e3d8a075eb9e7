import { after, between, HZ, type Jiffies } from './jiffies.js'

/** How long a real server keeps a closed connection in TIME_WAIT (Linux's TCP_TIMEWAIT_LEN), in jiffies. */
const REST = 60 * HZ
const FIRST_RING = 1024
/** An entry: pool, port, the jiffy at which the rest ends. */
const FIELDS = 3

/** Takes returned pairs. */
export interface PairSink {
  give(pool: number, port: number): void
}

/**
 * Pairs of connections that were ended early. The real server may still hold them in TIME_WAIT and would refuse a new
 * connection from there. They rest for a minute, first in, first out.
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
  /** Returns pairs that have rested to the sink, at most `most`. */
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
  /** The index of the nth entry from the head. */
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
