import { EPOCH, FLOW_KEY_WORDS, SLOT_WORDS } from '../../packet/flow-slot.js'
import type { FlowTable } from '../../packet/flow-table.js'
import type { FlowKey } from './flow-keys.js'

const MOST = 1024

/**
 * The flows that are entered together, at the end of a turn: when their packets have been sent, which the next ones must not overtake.
 * One that leaves before is not entered: its slot has no epoch.
 */
export class FlowBatch {
  readonly #table: FlowTable
  readonly #refused: (slot: number) => void
  readonly #entering = new Int32Array(MOST * FLOW_KEY_WORDS)
  readonly #slots = new Int32Array(MOST)
  readonly #leaving = new Int32Array(FLOW_KEY_WORDS)
  #entries = 0

  /** `refused`: the table had no room for this one's flow. */
  constructor(table: FlowTable, refused: (slot: number) => void) {
    this.#table = table
    this.#refused = refused
  }

  enter(key: FlowKey, slot: number): void {
    put(this.#entering, this.#entries, key)
    this.#slots[this.#entries] = slot
    if (++this.#entries === MOST) this.flush()
  }
  /** At once. */
  withdraw(key: FlowKey): void {
    put(this.#leaving, 0, key)
    this.#table.withdraw(this.#leaving, 0)
  }

  flush(): void {
    for (let i = 0; i < this.#entries; i++) {
      const slot = this.#slots[i]!
      if (this.#table.slots[slot * SLOT_WORDS + EPOCH] === 0) continue
      if (!this.#table.enter(this.#entering, i, slot)) this.#refused(slot)
    }
    this.#entries = 0
  }
}

function put(keys: Int32Array, index: number, { src, dst, ports, protocol }: FlowKey): void {
  const at = index * FLOW_KEY_WORDS
  keys[at] = src
  keys[at + 1] = dst
  keys[at + 2] = ports
  keys[at + 3] = protocol
}
