import { EPOCH, EPOCH_STEP, SLOT_WORDS } from '../../packet/flow-slot.js'

const MOST = 1024

/**
 * The flows that are entered together, at the end of a turn: when their packets have been sent, which the next ones must not overtake.
 * One that leaves before, or is watched, is not entered: its slot has no such epoch.
 */
export class FlowBatch {
  readonly #all: Int32Array
  readonly #slots = new Int32Array(MOST)
  #entries = 0

  /** `all`: the slots of the table. */
  constructor(all: Int32Array) {
    this.#all = all
  }

  /** The flow of this slot, whose epoch stands in it, negated. */
  enter(slot: number): void {
    this.#slots[this.#entries] = slot
    if (++this.#entries === MOST) this.flush()
  }
  flush(): void {
    for (let i = 0; i < this.#entries; i++) {
      const at = this.#slots[i]! * SLOT_WORDS + EPOCH
      const epoch = this.#all[at]!
      if (epoch <= -EPOCH_STEP) Atomics.store(this.#all, at, -epoch)
    }
    this.#entries = 0
  }
}
