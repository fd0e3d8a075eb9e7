/** How long a slot rests until another flow may have it, in the clock's units (1.05 ms): a packet may still be under way with its number. */
const REST = 1000

/** The slots whose flows have left, in the order in which they did. One that has rested is settled: what the program counted in it meanwhile is counted. */
export class RestingSlots {
  readonly #slots: Int32Array
  readonly #since: Int32Array
  readonly #settle: (slot: number) => void
  #head = 0
  #length = 0

  /** `count`: how many slots there are; `settle` is called for each after its rest. */
  constructor(count: number, settle: (slot: number) => void) {
    this.#slots = new Int32Array(count)
    this.#since = new Int32Array(count)
    this.#settle = settle
  }

  put(slot: number, now: number): void {
    const at = this.#at(this.#length++)
    this.#slots[at] = slot
    this.#since[at] = now
  }
  /** Settles those that have rested long enough. */
  settle(now: number): void {
    while (this.#length > 0) {
      if (((now - this.#since[this.#head]!) | 0) < REST) return
      const slot = this.#slots[this.#head]!
      this.#head = this.#at(1)
      this.#length--
      this.#settle(slot)
    }
  }
  /** The place so many behind the head. */
  #at(behind: number): number {
    return (this.#head + behind) % this.#slots.length
  }
}
