import type { FlowTable } from '../../packet/flow-table.js'

/** Of each slot, which flow has it (way.ts). */
export class SlotOwners {
  readonly #owners: Int32Array
  readonly #first: number

  constructor({ first, count }: FlowTable, allocate: (count: number) => Int32Array) {
    this.#owners = allocate(count)
    this.#first = first
  }
  of(slot: number): number {
    return this.#owners[slot - this.#first]!
  }
  give(slot: number, owner: number): void {
    this.#owners[slot - this.#first] = owner
  }
}
