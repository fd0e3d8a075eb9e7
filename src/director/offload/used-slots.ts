/** Which slots flows have, or have had until they have rested: a bit each, so that to look at all costs what there are flows. */
export class UsedSlots {
  readonly #bits: Int32Array
  readonly #first: number
  readonly #end: number

  constructor(first: number, count: number) {
    this.#bits = new Int32Array((count + 31) >>> 5)
    this.#first = first
    this.#end = first + count
  }

  add(slot: number): void {
    const at = slot - this.#first
    this.#bits[at >>> 5]! |= 1 << (at & 31)
  }
  delete(slot: number): void {
    const at = slot - this.#first
    this.#bits[at >>> 5]! &= ~(1 << (at & 31))
  }
  has(slot: number): boolean {
    const at = slot - this.#first
    return (this.#bits[at >>> 5]! & (1 << (at & 31))) !== 0
  }
  /** The first of them, `slot` or behind it. Behind the last one: the number behind all slots. */
  from(slot: number): number {
    if (slot >= this.#end) return this.#end
    const at = slot - this.#first
    let word = at >>> 5
    let bits = this.#bits[word]! & (-1 << (at & 31))
    while (bits === 0) {
      if (++word === this.#bits.length) return this.#end
      bits = this.#bits[word]!
    }
    return this.#first + word * 32 + 31 - Math.clz32(bits & -bits)
  }
}
