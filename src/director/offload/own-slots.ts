import { EPOCH, SLOT_WORDS, SlotState } from '../../packet/flow-slot.js'
import type { FlowKey, FlowTable } from '../../packet/flow-table.js'
import { RestingSlots } from './resting-slots.js'
import { UsedSlots } from './used-slots.js'

/** The slots that the director has claimed and not given back: those of its flows, and those whose flows have left, until they have rested. */
export class OwnSlots {
  readonly #table: FlowTable
  readonly #used: UsedSlots
  readonly #resting: RestingSlots
  /** Behind all slots. */
  readonly end: number
  /** How many flows have one. */
  #flows = 0

  /** `rested` is told each slot that is about to be given back. */
  constructor(table: FlowTable, rested: (slot: number) => void) {
    this.#table = table
    this.end = table.first + table.count
    this.#used = new UsedSlots(table.first, table.count)
    this.#resting = new RestingSlots(table.count, slot => {
      rested(slot)
      this.#used.delete(slot)
      Atomics.store(table.slots, slot * SLOT_WORDS + EPOCH, SlotState.FREE)
    })
  }

  /** How many more flows there may be. */
  get room(): number {
    return this.#table.most - this.#flows
  }
  /** One for a flow with this key; 0: there is none, or none has rested long enough. */
  claim(key: FlowKey): number {
    if (this.room === 0) return 0
    const slot = this.#table.claim(key) || this.#claimRested(key)
    if (slot === 0) return 0
    this.#used.add(slot)
    this.#flows++
    return slot
  }
  #claimRested(key: FlowKey): number {
    this.settle()
    return this.#table.claim(key)
  }
  /** Its flow comes up from now on. */
  leave(slot: number): void {
    this.#table.leave(slot)
    this.#resting.put(slot, this.#table.now())
    this.#flows--
  }
  /** Gives those back that have rested. */
  settle(): void {
    this.#resting.settle(this.#table.now())
  }
  /** The first of them, `slot` or behind it; `end` behind the last one. */
  from(slot = this.#table.first): number {
    return this.#used.from(slot)
  }
  /** Whether the flow of one of them has left. */
  isResting(slot: number): boolean {
    return this.#table.slots[slot * SLOT_WORDS + EPOCH] === SlotState.RESTING
  }
}
