import type { Slab } from '../packet/frame.js'

/** Frames that may be queued; more are written ahead of the batch's end. */
export const MOST_WRITES = 1024

/**
 * Frames on their way out by a file that takes one a write: their addresses, not their octets. Written together, they
 * find their receivers awake: the first wakes them, and the others come before they sleep again.
 */
export interface WriteQueue {
  transmit(slab: Slab, at: number, len: number): boolean
  /** Writes all that is queued, in order. A frame that the kernel refuses is lost, alone. */
  flush(): void
  /** Frames that the kernel would not take. */
  readonly dropped: number
  close(): void
}
