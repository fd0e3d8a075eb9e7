import type { ConnIndex } from '../../conn/record.js'

/** Which direction of a connection. */
export const Way = { INBOUND: 0, OUTBOUND: 1 } as const
export type Way = (typeof Way)[keyof typeof Way]
export const WAYS = [Way.INBOUND, Way.OUTBOUND] as const

/** The owner of a slot that no flow has. */
export const NOBODY = 0

/** Where `slotOf` has a direction of a connection. Records have 16 words. */
export function flowAt(conn: ConnIndex, way: Way): number {
  return (conn >>> 3) | way
}
/** A slot's owner is the complement of a connection's index, a multiple of 16, with the direction in its lowest bit. */
export function ownerOf(conn: ConnIndex, way: Way): number {
  return ~(conn | way)
}
export function connOf(owner: number): ConnIndex {
  return (~owner & ~1) as ConnIndex
}
export function wayOf(owner: number): Way {
  return (~owner & 1) as Way
}
