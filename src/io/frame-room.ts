import { HEADROOM, VNET_LEN, type Slab } from '../packet/frame.js'

/** The same memory as a Buffer, which copies without an object for each part. */
export function bufferOver({ bytes }: Slab): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Frames one behind the other, each with headroom before it, until all of it is free again. */
export class FrameRoom {
  readonly slab: Slab
  /** The slab's octets, to copy to. */
  readonly octets: Buffer
  /** Where each frame stands, and its length. */
  readonly at: Int32Array
  readonly lens: Int32Array
  count = 0
  #next = 0

  constructor(slab: Slab, most: number) {
    this.slab = slab
    this.octets = bufferOver(slab)
    this.at = new Int32Array(most)
    this.lens = new Int32Array(most)
  }
  /** Where the Ethernet header of a frame of `len` octets goes; −1: there is no room. It is counted; its virtio-net header is cleared. */
  place(len: number): number {
    const { bytes } = this.slab
    const at = this.#next + HEADROOM + VNET_LEN
    if (this.count === this.at.length || at + len > bytes.length) return -1
    for (let i = at - VNET_LEN; i < at; i++) bytes[i] = 0
    this.at[this.count] = at
    this.lens[this.count++] = len
    this.#next = (at + len + 63) & -64
    return at
  }
  /** Forgets frames beyond the first `count`; their room stays taken until `release`. */
  forget(count: number): void {
    this.count = count
  }
  release(): void {
    this.count = this.#next = 0
  }
}
