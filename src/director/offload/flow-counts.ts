import {
  COUNT_HIGH,
  COUNT_LOW,
  NOTE_HIGH,
  NOTE_LOW,
  NOTE_WORDS,
  PACKET_BITS,
  SLOT_WORDS,
} from '../../packet/flow-slot.js'

/** What a slot's program counted since it was last asked. */
export class FlowCounts {
  packets = 0
  octets = 0
  /** The slot's count, as it was taken last. */
  low = 0
  high = 0
  readonly #slots: Int32Array
  readonly #notes: Int32Array

  /** `notes`: of each slot its count as it was taken last (flow-slot.ts). */
  constructor(slots: Int32Array, notes: Int32Array) {
    this.#slots = slots
    this.#notes = notes
  }

  /** What is new of a slot is what is beyond this count; default: what stands in it. */
  begin(
    slot: number,
    low = this.#slots[slot * SLOT_WORDS + COUNT_LOW]!,
    high = this.#slots[slot * SLOT_WORDS + COUNT_HIGH]!,
  ): void {
    this.#notes[slot * NOTE_WORDS + NOTE_LOW] = low
    this.#notes[slot * NOTE_WORDS + NOTE_HIGH] = high
  }
  /** Takes what is new of a slot. Returns whether there is any. */
  take(slot: number): boolean {
    const slots = this.#slots
    const notes = this.#notes
    const at = slot * SLOT_WORDS
    const mine = slot * NOTE_WORDS
    let high = Atomics.load(slots, at + COUNT_HIGH)
    let low = Atomics.load(slots, at + COUNT_LOW)
    // Two halves of a number that may grow meanwhile: they belong together if the upper one is the same before and after.
    for (let again = Atomics.load(slots, at + COUNT_HIGH); again !== high;) {
      high = again
      low = Atomics.load(slots, at + COUNT_LOW)
      again = Atomics.load(slots, at + COUNT_HIGH)
    }
    const lowBefore = notes[mine + NOTE_LOW]!
    const highBefore = notes[mine + NOTE_HIGH]!
    if (low === lowBefore && high === highBefore) return false
    notes[mine + NOTE_LOW] = this.low = low
    notes[mine + NOTE_HIGH] = this.high = high
    const borrow = low >>> 0 < lowBefore >>> 0 ? 1 : 0
    const newLow = (low - lowBefore) >>> 0
    const newHigh = (high - highBefore - borrow) >>> 0
    this.packets = newLow & ((1 << PACKET_BITS) - 1)
    this.octets = newHigh * 2 ** (32 - PACKET_BITS) + (newLow >>> PACKET_BITS)
    return true
  }
}
