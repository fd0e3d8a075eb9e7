import { HEADROOM, VNET_LEN, type Slab } from './frame.js'

/** Headroom and 438 octets of frame: an Ethernet header, IPv4 and TCP headers as long as they get, and some text. */
const PLACE = 512
/** More than the frames of a turn, each of which may need one (director/loop.ts). */
const PLACES = 1024

/** No place is left in this turn. */
export const NO_ROOM = 0

/** Places for segments that the director puts before others. Memory is asked for with the first; a place is free again with the next turn. */
export class SegmentRoom {
  readonly #allocate: (octets: number) => Slab
  #slab: Slab | undefined
  #used = 0

  constructor(allocate: (octets: number) => Slab) {
    this.#allocate = allocate
  }

  /** What the places given are in. */
  get slab(): Slab {
    return this.#slab!
  }
  /** Where the next frame's Ethernet header goes, its virtio-net header cleared; NO_ROOM when all are used. */
  place(): number {
    if (this.#used === PLACES) return NO_ROOM
    this.#slab ??= this.#allocate(PLACE * PLACES)
    const at = this.#used++ * PLACE + HEADROOM + VNET_LEN
    this.#slab.bytes.fill(0, at - VNET_LEN, at)
    return at
  }
  /** A new turn of the loop begins: what was sent in the last one has been flushed. */
  recycle(): void {
    this.#used = 0
  }
}
