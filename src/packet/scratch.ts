import { HEADROOM, VNET_LEN, type Slab } from './frame.js'

const SLOT = 128
/** More small frames of our own than one turn of the loop can send. */
const SLOTS = 1024

export const SCRATCH_OCTETS = SLOT * SLOTS

/** Places for small frames that the director makes of itself (ARP). Each is free again when the turn has been flushed. */
export class Scratch {
  readonly slab: Slab
  #next = 0

  constructor(slab: Slab) {
    this.slab = slab
  }

  /** Where the next frame's Ethernet header goes, its virtio-net header cleared: room for 54 octets. */
  place(): number {
    const at = this.#next * SLOT + HEADROOM + VNET_LEN
    this.#next = (this.#next + 1) % SLOTS
    this.slab.bytes.fill(0, at - VNET_LEN, at)
    return at
  }
}
