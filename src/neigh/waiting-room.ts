import { HEADROOM, VNET_LEN, type Slab } from '../packet/frame.js'
import type { Packet } from '../packet/packet.js'

/** Octets a held frame has, headroom and virtio-net header apart. */
const FRAME_ROOM = 2048
const SLOT = HEADROOM + VNET_LEN + FRAME_ROOM
/** All held frames. */
const SLOTS = 1024
/** Those of one neighbour: Linux's unres_qlen_bytes, 212 992, holds about as many small packets. */
const MOST_OF_ONE = 256

/** Octets of slab that a waiting room needs. */
export const WAITING_ROOM_OCTETS = SLOT * SLOTS

/** A copy of a frame that waits for its next hop's MAC. */
export interface HeldFrame {
  readonly at: number
  len: number
  /** Index of the port it had come in by. */
  port: number
}

/**
 * The one place where frames are copied: what waits must outlive its place in the device's ring. Bounded for all and
 * for each neighbour, so that an address nobody has cannot take the room of others. The slab is never given back.
 */
export class WaitingRoom {
  readonly slab: Slab
  readonly #free: HeldFrame[] = []
  /** Sent, but perhaps not yet flushed: free again with the next turn. */
  readonly #spent: HeldFrame[] = []

  constructor(slab: Slab) {
    this.slab = slab
    for (let i = 0; i < SLOTS; i++) this.#free.push({ at: i * SLOT + HEADROOM + VNET_LEN, len: 0, port: 0 })
  }

  /** Copies the packet's frame to the end of `queue`. False when there is no room, or the frame is too large to wait. */
  hold(packet: Packet, queue: HeldFrame[]): boolean {
    if (packet.len > FRAME_ROOM || queue.length >= MOST_OF_ONE) return false
    const held = this.#free.pop()
    if (held === undefined) return false
    const from = packet.at - VNET_LEN
    this.slab.bytes.set(packet.slab.bytes.subarray(from, packet.at + packet.len), held.at - VNET_LEN)
    held.len = packet.len
    held.port = packet.port
    queue.push(held)
    return true
  }
  /** Frames that wait, or are on their way out. */
  get count(): number {
    return SLOTS - this.#free.length
  }
  release(held: HeldFrame): void {
    this.#spent.push(held)
  }
  /** A new turn of the loop begins: what was released in the last one has been flushed. */
  recycle(): void {
    while (this.#spent.length > 0) this.#free.push(this.#spent.pop()!)
  }
}
