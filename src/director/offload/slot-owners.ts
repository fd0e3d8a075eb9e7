import type { Direction } from '../../conn/direction.js'
import type { ConnIndex } from '../../conn/record.js'
import type { FlowTable } from '../../packet/flow-table.js'

/** Where an array of two places a connection has that of this direction. Records have 16 words. */
export function flowAt(conn: ConnIndex, direction: Direction): number {
  return (conn >>> 3) | direction
}

/** The owner of a slot that no flow has. */
export const NOBODY = 0

/** A slot's owner is the complement of a connection's index, a multiple of 16, with the direction in its lowest bit. */
export function ownerOf(conn: ConnIndex, direction: Direction): number {
  return ~(conn | direction)
}
export function connOf(owner: number): ConnIndex {
  return (~owner & ~1) as ConnIndex
}
export function directionOf(owner: number): Direction {
  return (~owner & 1) as Direction
}

/** Of each slot, which flow has it. */
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
