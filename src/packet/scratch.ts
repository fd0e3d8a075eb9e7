import { HEADROOM, VNET_LEN, type Slab } from './frame.js'

const SLOT = 128
/** More small frames than the director can make in one turn of the loop. */
const SLOTS = 1024

export const SCRATCH_OCTETS = SLOT * SLOTS

/** Slots for small frames that the director makes itself (ARP). A slot is free again after the turn has been flushed. */
export class Scratch {
  readonly slab: Slab
  #next = 0

  constructor(slab: Slab) {
    this.slab = slab
  }

  /** Returns where the next frame's Ethernet header goes, with room for 54 octets. Its virtio-net header is cleared. */
  place(): number {
    const at = this.#next * SLOT + HEADROOM + VNET_LEN
    this.#next = (this.#next + 1) % SLOTS
    this.slab.bytes.fill(0, at - VNET_LEN, at)
    return at
  }
}
