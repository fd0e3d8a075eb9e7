import type { Direction } from '../../conn/direction.js'
import type { ConnIndex } from '../../conn/record.js'
import { NOTE_OWNER, NOTE_WORDS } from '../../packet/flow-slot.js'

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
  readonly #notes: Int32Array

  /** `notes`: of each slot its owner (packet/flow-slot.ts). */
  constructor(notes: Int32Array) {
    this.#notes = notes
  }
  of(slot: number): number {
    return this.#notes[slot * NOTE_WORDS + NOTE_OWNER]!
  }
  give(slot: number, owner: number): void {
    this.#notes[slot * NOTE_WORDS + NOTE_OWNER] = owner
  }
}
