import { HEADROOM, VNET_LEN, type Slab } from '../packet/frame.js'
import { mapMemory, recvfrom } from '../linux/libc.js'

/** Frames held at a time: few, so that their memory stays in the processor's cache. */
const PLACES = 32
/** Headroom, virtio header, Ethernet header and the largest IPv4 packet; no multiple of a page, so that headers spread over the cache's sets. */
export const LARGEST_PLACE = 66_112

/**
 * The frames that do not fit a slot of a packet socket's ring, most of them of GSO: the kernel keeps each whole in the
 * socket's queue (PACKET_COPY_THRESH, packet(7)), in the ring's order, until it is read into a place here.
 */
export class LargeFrames {
  readonly slab: Slab = mapMemory(PLACES * LARGEST_PLACE)
  readonly #fd: number
  #held = 0
  /** Where the Ethernet header of the frame that was read last stands. */
  at = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  get hasRoom(): boolean {
    return this.#held < PLACES
  }

  /** Reads the next frame; returns its octets from the Ethernet header on, or 0 if there is no frame. There must be room. */
  read(): number {
    this.at = this.#held * LARGEST_PLACE + HEADROOM + VNET_LEN
    const len: number = recvfrom(this.#fd, this.slab.address + this.at - VNET_LEN, LARGEST_PLACE - HEADROOM, 0, 0, 0)
    if (len <= VNET_LEN) return 0
    this.#held++
    return len - VNET_LEN
  }

  release(): void {
    this.#held = 0
  }
}
