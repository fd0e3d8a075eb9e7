import { EPOCH, SEEN, SLOT_WORDS, SlotState } from '../../packet/flow-slot.js'
import type { FlowKey, FlowTable } from '../../packet/flow-table.js'
import { LEAST_IDLE } from './making-room.js'
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
  /** More have rested than one call gives back. */
  isBehind = false

  /** `rested` is told each slot that is about to be given back. */
  constructor(table: FlowTable, rested: (slot: number) => void) {
    this.#table = table
    this.end = table.first + table.count
    this.#used = new UsedSlots(table.first, table.count)
    this.#resting = new RestingSlots(table.mostSlots, slot => {
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
    const slot = this.#claim(key) || this.#claimRested(key)
    if (slot === 0) return 0
    this.#used.add(slot)
    this.#flows++
    return slot
  }
  #claim(key: FlowKey): number {
    return this.#flows + this.#resting.length < this.#table.mostSlots ? this.#table.claim(key) : 0
  }
  #claimRested(key: FlowKey): number {
    this.settle()
    return this.#claim(key)
  }
  /**
   * Of those where a flow with this key might stand, the one whose flow has been idle for longest. 0: none has been for long enough, or one rests
   * that will be free.
   */
  idleInPlaceOf(key: FlowKey): number {
    const { slots, places } = this.#table
    const first = this.#table.firstPlace(key)
    const now = this.#table.now()
    let idlest = 0
    let most = LEAST_IDLE
    for (let slot = first; slot < first + places; slot++) {
      if (!this.#used.has(slot)) continue // another director's
      if (this.isResting(slot)) return 0
      const idle = (now - slots[slot * SLOT_WORDS + SEEN]!) | 0
      if (idle < most) continue
      idlest = slot
      most = idle
    }
    return idlest
  }
  /** Its flow comes up from now on. */
  leave(slot: number): void {
    this.#table.leave(slot)
    this.#resting.put(slot, this.#table.now())
    this.#flows--
  }
  /** Gives a share of those back that have rested. */
  settle(): void {
    this.isBehind = this.#resting.length > 0 && this.#resting.settle(this.#table.now())
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
