import type { Slab } from './frame.js'
import type { Link } from './link.js'

/** Is told of the frames that leave on account of the packet in hand. */
export interface FrameWitness {
  /** `len` octets at `at` were handed to the link's device, or, as `isToKernel`, back to the kernel; false: it did not take them. */
  sent(link: Link, slab: Slab, at: number, len: number, isTaken: boolean, isToKernel: boolean): void
}

/** Who is told of the packet in hand: of most packets nobody. One object for all parts of a director. */
export interface Watch<W> {
  witness: W | undefined
}
