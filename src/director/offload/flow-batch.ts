import { EPOCH, FLOW_KEY_WORDS, SLOT_WORDS } from '../../packet/flow-slot.js'
import type { FlowTable } from '../../packet/flow-table.js'
import type { FlowKey } from './flow-keys.js'

const MOST = 1024

/**
 * The flows that are entered and withdrawn together, at the end of a turn. A flow that is withdrawn and entered in one turn is entered;
 * one that was entered first is off by its slot's epoch.
 */
export class FlowBatch {
  readonly #table: FlowTable
  readonly #refused: (slot: number) => void
  readonly #entering = new Int32Array(MOST * FLOW_KEY_WORDS)
  readonly #slots = new Int32Array(MOST)
  readonly #leaving = new Int32Array(MOST * FLOW_KEY_WORDS)
  #entries = 0
  #leaves = 0

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
  withdraw(key: FlowKey): void {
    put(this.#leaving, this.#leaves, key)
    if (++this.#leaves === MOST) this.flush()
  }

  flush(): void {
    if (this.#leaves > 0) this.#table.withdraw(this.#leaving, this.#leaves)
    this.#leaves = 0
    if (this.#entries === 0) return
    const count = this.#keepLive()
    this.#entries = 0
    const entered = count === 0 ? 0 : this.#table.enter(this.#entering, this.#slots, count)
    for (let i = entered; i < count; i++) this.#refused(this.#slots[i]!)
  }

  /** Drops those that have left again. Returns how many remain. */
  #keepLive(): number {
    let count = 0
    for (let i = 0; i < this.#entries; i++) {
      const slot = this.#slots[i]!
      if (this.#table.slots[slot * SLOT_WORDS + EPOCH] === 0) continue
      this.#entering.copyWithin(count * FLOW_KEY_WORDS, i * FLOW_KEY_WORDS, (i + 1) * FLOW_KEY_WORDS)
      this.#slots[count++] = slot
    }
    return count
  }
}

function put(keys: Int32Array, index: number, { src, dst, ports, protocol }: FlowKey): void {
  const at = index * FLOW_KEY_WORDS
  keys[at] = src
  keys[at + 1] = dst
  keys[at + 2] = ports
  keys[at + 3] = protocol
}
