import { COUNT_HIGH, COUNT_LOW, COUNTED_HIGH, COUNTED_LOW, PACKET_BITS } from '../../packet/flow-slot.js'

/** What a slot's program counted since it was last asked. */
export class FlowCounts {
  packets = 0
  octets = 0
  readonly #slots: Int32Array

  constructor(slots: Int32Array) {
    this.#slots = slots
  }

  /** Takes what is new of the slot whose first word is at `at`. Returns whether there is any. */
  take(at: number): boolean {
    const slots = this.#slots
    let high = Atomics.load(slots, at + COUNT_HIGH)
    let low = Atomics.load(slots, at + COUNT_LOW)
    // Two halves of a number that may grow meanwhile: they belong together if the upper one is the same before and after.
    for (let again = Atomics.load(slots, at + COUNT_HIGH); again !== high;) {
      high = again
      low = Atomics.load(slots, at + COUNT_LOW)
      again = Atomics.load(slots, at + COUNT_HIGH)
    }
    const lowBefore = slots[at + COUNTED_LOW]!
    const highBefore = slots[at + COUNTED_HIGH]!
    if (low === lowBefore && high === highBefore) return false
    slots[at + COUNTED_LOW] = low
    slots[at + COUNTED_HIGH] = high
    const borrow = low >>> 0 < lowBefore >>> 0 ? 1 : 0
    const newLow = (low - lowBefore) >>> 0
    const newHigh = (high - highBefore - borrow) >>> 0
    this.packets = newLow & ((1 << PACKET_BITS) - 1)
    this.octets = newHigh * 2 ** (32 - PACKET_BITS) + (newLow >>> PACKET_BITS)
    return true
  }
}
