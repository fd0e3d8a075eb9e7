import { COUNT_HIGH, COUNT_LOW, PACKET_BITS, SLOT_WORDS } from '../../packet/flow-slot.js'
import type { FlowTable } from '../../packet/flow-table.js'

/** What a slot's program counted since it was last asked. */
export class FlowCounts {
  packets = 0
  octets = 0
  /** The slot's count, as it was taken last. */
  low = 0
  high = 0
  readonly #slots: Int32Array
  readonly #first: number
  /** Of each slot, its count as it was taken last: two words. */
  readonly #taken: Int32Array

  constructor(
    { slots, first, count }: Pick<FlowTable, 'slots' | 'first' | 'count'>,
    allocate: (count: number) => Int32Array,
  ) {
    this.#slots = slots
    this.#first = first
    this.#taken = allocate(2 * count)
  }

  /** What is new of a slot is what is beyond this count; default: what stands in it. */
  begin(
    slot: number,
    low = this.#slots[slot * SLOT_WORDS + COUNT_LOW]!,
    high = this.#slots[slot * SLOT_WORDS + COUNT_HIGH]!,
  ): void {
    const mine = (slot - this.#first) * 2
    this.#taken[mine] = low
    this.#taken[mine + 1] = high
  }
  /** Takes what is new of a slot. Returns whether there is any. */
  take(slot: number): boolean {
    const slots = this.#slots
    const taken = this.#taken
    const at = slot * SLOT_WORDS
    const mine = (slot - this.#first) * 2
    let high = Atomics.load(slots, at + COUNT_HIGH)
    let low = Atomics.load(slots, at + COUNT_LOW)
    // Two halves of a number that may grow meanwhile: they belong together if the upper one is the same before and after.
    for (let again = Atomics.load(slots, at + COUNT_HIGH); again !== high;) {
      high = again
      low = Atomics.load(slots, at + COUNT_LOW)
      again = Atomics.load(slots, at + COUNT_HIGH)
    }
    const lowBefore = taken[mine]!
    const highBefore = taken[mine + 1]!
    if (low === lowBefore && high === highBefore) return false
    taken[mine] = this.low = low
    taken[mine + 1] = this.high = high
    const borrow = low >>> 0 < lowBefore >>> 0 ? 1 : 0
    const newLow = (low - lowBefore) >>> 0
    const newHigh = (high - highBefore - borrow) >>> 0
    this.packets = newLow & ((1 << PACKET_BITS) - 1)
    this.octets = newHigh * 2 ** (32 - PACKET_BITS) + (newLow >>> PACKET_BITS)
    return true
  }
}
