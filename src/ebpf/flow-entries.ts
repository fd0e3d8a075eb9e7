import { constants } from 'node:os'
import { errno, mapMemory } from '../linux/libc.js'
import { FLOW_KEY_WORDS } from '../packet/flow-slot.js'
import { ATTR_LEN, bpfAt, Command } from './bpf.js'
import { FLOW_KEY_LEN } from './flow-parts.js'
import { WORD } from './map-keys.js'

const { EINVAL } = constants.errno
/** Flows that go to the kernel by one call. */
const BATCH = 256
// union bpf_attr (linux/bpf.h) of a batch, and of one element.
const [KEYS, VALUES, COUNT, MAP] = [16, 24, 32, 36]
const [ELEMENT_MAP, ELEMENT_KEY, ELEMENT_VALUE] = [0, 8, 16]
// What stands where in the memory that the kernel reads.
const [BATCH_AT, UPDATE_AT, DELETE_AT, KEYS_AT] = [0, ATTR_LEN, 2 * ATTR_LEN, 3 * ATTR_LEN]
const VALUES_AT = KEYS_AT + BATCH * FLOW_KEY_LEN

/**
 * Keys of flows and their slots' numbers, in the map of the flow program: many by one call where the kernel can (Linux 5.6). No
 * allocation.
 */
export class FlowEntries {
  readonly #slab = mapMemory(VALUES_AT + BATCH * WORD)
  readonly #words = new Int32Array(this.#slab.bytes.buffer)
  #inBatches: boolean

  /** `map`: its file descriptor. Without `inBatches`, by a call each: for kernels that cannot, which is found out. */
  constructor(map: number, inBatches = true) {
    this.#inBatches = inBatches
    const { view, address } = this.#slab
    const point = (at: number, to: number): void => view.setBigUint64(at, BigInt(address + to), true)
    view.setUint32(BATCH_AT + MAP, map, true)
    point(BATCH_AT + KEYS, KEYS_AT)
    point(BATCH_AT + VALUES, VALUES_AT)
    for (const at of [UPDATE_AT, DELETE_AT]) {
      view.setUint32(at + ELEMENT_MAP, map, true)
      point(at + ELEMENT_KEY, KEYS_AT)
    }
    point(UPDATE_AT + ELEMENT_VALUE, VALUES_AT) // where one is deleted, what follows the key must be 0
  }

  /** FlowTable.enter. */
  enter(keys: Int32Array, slots: Int32Array, count: number): number {
    let done = 0
    while (done < count && this.#inBatches) {
      const batch = this.#fill(keys, done, count)
      for (let i = 0; i < batch; i++) this.#words[VALUES_AT / WORD + i] = slots[done + i]!
      if (this.#call(Command.MAP_UPDATE_BATCH)) done += batch
      else if (this.#inBatches) return done + this.#counted()
    }
    for (; done < count; done++) {
      this.#fill(keys, done, done + 1)
      this.#words[VALUES_AT / WORD] = slots[done]!
      if (bpfAt(Command.MAP_UPDATE_ELEM, this.#slab.address + UPDATE_AT) < 0) return done
    }
    return done
  }

  /** FlowTable.withdraw. */
  withdraw(keys: Int32Array, count: number): void {
    let done = 0
    while (done < count && this.#inBatches) {
      const batch = this.#fill(keys, done, count)
      if (this.#call(Command.MAP_DELETE_BATCH)) done += batch
      else if (this.#inBatches) done += this.#counted() + 1 // the next one is not there: on behind it
    }
    for (; done < count; done++) {
      this.#fill(keys, done, done + 1)
      bpfAt(Command.MAP_DELETE_ELEM, this.#slab.address + DELETE_AT)
    }
  }

  /** Puts keys from `from` on where the kernel reads them, before `end`. Returns how many. */
  #fill(keys: Int32Array, from: number, end: number): number {
    const batch = Math.min(end - from, BATCH)
    const first = from * FLOW_KEY_WORDS
    for (let i = 0; i < batch * FLOW_KEY_WORDS; i++) this.#words[KEYS_AT / WORD + i] = keys[first + i]!
    this.#slab.view.setUint32(BATCH_AT + COUNT, batch, true)
    return batch
  }
  /** Returns whether all of the batch is done. Where the kernel has no batches, `#inBatches` is false afterwards. */
  #call(command: number): boolean {
    if (bpfAt(command, this.#slab.address + BATCH_AT) >= 0) return true
    if (errno() === EINVAL) this.#inBatches = false
    return false
  }
  /** Of a batch that was not finished, how many are done. */
  #counted(): number {
    return this.#slab.view.getUint32(BATCH_AT + COUNT, true)
  }
}
