/** How long a slot rests until another flow may have it, in the clock's units (1.05 ms): a packet may still be under way with its number. */
const REST = 1000

/**
 * The slots that no flow has. One that has been put back rests, then it is settled: what the program counted in it meanwhile is counted.
 * Those that have rested are taken first, in their order, then those that have never been used: so the slots in use stay together, and
 * looking at all of them costs no more than there were flows at once.
 */
export class SlotRing {
  readonly #slots: Int32Array
  readonly #since: Int32Array
  readonly #settle: (slot: number) => void
  /** From here up to the end no slot has been used. */
  #fresh: number
  readonly #end: number
  #head = 0
  #length = 0
  /** How many at the head are settled. */
  #settled = 0

  /** `settle` is called for each slot after its rest. */
  constructor(first: number, count: number, settle: (slot: number) => void) {
    this.#slots = new Int32Array(count)
    this.#since = new Int32Array(count)
    this.#settle = settle
    this.#fresh = first
    this.#end = first + count
  }

  /** How many may be taken, or rest. */
  get length(): number {
    return this.#length + this.#end - this.#fresh
  }
  /** Slots from here on have never been used. */
  get fresh(): number {
    return this.#fresh
  }
  /** Returns 0 if there is none, or none has rested long enough. */
  take(now: number): number {
    if (this.#settled === 0) this.settle(now)
    if (this.#settled === 0) return this.#fresh < this.#end ? this.#fresh++ : 0
    const slot = this.#slots[this.#head]!
    this.#head = this.#at(1)
    this.#length--
    this.#settled--
    return slot
  }
  put(slot: number, now: number): void {
    const at = this.#at(this.#length++)
    this.#slots[at] = slot
    this.#since[at] = now
  }
  /** Settles those that have rested long enough. */
  settle(now: number): void {
    while (this.#settled < this.#length) {
      const at = this.#at(this.#settled)
      if (((now - this.#since[at]!) | 0) < REST) return
      this.#settle(this.#slots[at]!)
      this.#settled++
    }
  }
  /** The place so many behind the head. */
  #at(behind: number): number {
    return (this.#head + behind) % this.#slots.length
  }
}
