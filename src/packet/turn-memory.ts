import { HEADROOM, slabOver, VNET_LEN, type Slab } from './frame.js'

export const TURN_MEMORY_OCTETS = 12 * 2 ** 20
/** Frames begin on a multiple of it, and so does what they are sent from. */
const ALIGN = 64

/** Places for frames that are made of others within a turn of the loop: pieces, segments. All are free again with the next turn. */
export class TurnMemory {
  readonly #allocate: (octets: number) => Slab
  /** Made when it is first needed. */
  slab = slabOver(new ArrayBuffer(0))
  #next = 0

  constructor(allocate: (octets: number) => Slab) {
    this.#allocate = allocate
  }

  /** Where the Ethernet header of a frame of `len` octets goes, with headroom before it; −1 when there is no more room. */
  place(len: number): number {
    if (this.slab.bytes.length === 0 && !this.#make()) return -1
    const at = this.#next + HEADROOM + VNET_LEN
    if (at + len > TURN_MEMORY_OCTETS) return -1
    this.#next = Math.ceil((at + len) / ALIGN) * ALIGN
    return at
  }
  /** False where there is no memory to be had: asked for again when it is next needed. */
  #make(): boolean {
    try {
      this.slab = this.#allocate(TURN_MEMORY_OCTETS)
      return true
    } catch {
      return false
    }
  }
  recycle(): void {
    this.#next = 0
  }
}
