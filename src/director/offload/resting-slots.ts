/** How long a slot rests until another flow may have it, in the clock's units (1.05 ms): a packet may still be under way with its number. */
const REST = 1000
/** So many are settled together. */
const A_SHARE = 1024

/** The slots whose flows have left, in the order in which they did. One that has rested is settled: what the program counted in it meanwhile is counted. */
export class RestingSlots {
  readonly #slots: Int32Array
  readonly #since: Int32Array
  readonly #settle: (slot: number) => void
  #head = 0
  length = 0

  /** `most`: how many there may be; `settle` is called for each after its rest. */
  constructor(most: number, settle: (slot: number) => void) {
    this.#slots = new Int32Array(most)
    this.#since = new Int32Array(most)
    this.#settle = settle
  }

  put(slot: number, now: number): void {
    const at = this.#at(this.length++)
    this.#slots[at] = slot
    this.#since[at] = now
  }
  /** Settles a share of those that have rested long enough. Returns whether there are more. */
  settle(now: number): boolean {
    for (let left = A_SHARE; this.length > 0; left--) {
      if (((now - this.#since[this.#head]!) | 0) < REST) return false
      if (left === 0) return true
      const slot = this.#slots[this.#head]!
      this.#head = this.#at(1)
      this.length--
      this.#settle(slot)
    }
    return false
  }
  /** The place so many behind the head. */
  #at(behind: number): number {
    return (this.#head + behind) % this.#slots.length
  }
}
