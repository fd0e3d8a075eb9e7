import { HEADROOM, slabOver, VNET_LEN, type Slab } from './frame.js'

export const TURN_MEMORY_OCTETS = 12 * 2 ** 20
/** Octets. Each frame's slot begins at a multiple of it. */
const ALIGN = 64

/** Memory for fragments and segments that are cut from other frames. All of it is free again in the next turn of the loop. */
export class TurnMemory {
  readonly #allocate: (octets: number) => Slab
  /** Allocated when it is first needed. */
  slab = slabOver(new ArrayBuffer(0))
  #next = 0

  constructor(allocate: (octets: number) => Slab) {
    this.#allocate = allocate
  }

  /** Returns where the Ethernet header of a frame of `len` octets goes, headroom before it; −1 when the memory is used up. */
  place(len: number): number {
    if (this.slab.bytes.length === 0 && !this.#make()) return -1
    const at = this.#next + HEADROOM + VNET_LEN
    if (at + len > TURN_MEMORY_OCTETS) return -1
    this.#next = Math.ceil((at + len) / ALIGN) * ALIGN
    return at
  }
  /** Returns false without memory; the next frame tries again. */
  #make(): boolean {
    try {
      this.slab = this.#allocate(TURN_MEMORY_OCTETS)
      return true
    } catch {
      return false
    }
  }
  release(): void {
    this.#next = 0
  }
}
