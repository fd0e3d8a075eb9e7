import { HEADROOM, VNET_LEN, type Slab } from '../packet/frame.js'
import type { LaterFates } from '../packet/later-fates.js'
import type { Packet } from '../packet/packet.js'
import type { Verdict } from '../packet/verdict.js'

/** The most octets of a held frame, without headroom and virtio-net header. */
const FRAME_ROOM = 2048
const SLOT = HEADROOM + VNET_LEN + FRAME_ROOM
/** The most held frames. */
const SLOTS = 1024
/** The most held frames of one neighbour. Linux's unres_qlen_bytes, 212 992, holds about as many small packets. */
const MOST_OF_ONE = 256

/** Octets of a waiting room's slab. */
export const WAITING_ROOM_OCTETS = SLOT * SLOTS

/** A copy of a frame that waits for its next hop's MAC. */
export interface HeldFrame {
  readonly at: number
  len: number
  /** Index of the link that it came in by. */
  link: number
  /** Whether it stands for a frame that came in, whose verdict is HELD. Else the director made it, or cut it off one. */
  isFrame: boolean
}

/**
 * Holds copies of frames, since a waiting frame outlives its place in the device's ring. Bounded in all and for each
 * neighbour, so that an address without a host cannot take the room of others. The slab is never freed.
 */
export class WaitingRoom {
  readonly slab: Slab
  readonly #free: HeldFrame[] = []
  readonly #all: readonly HeldFrame[]
  readonly #fates: LaterFates
  #newest: HeldFrame | undefined
  /** Sent, but perhaps not yet flushed. They become free in the next turn. */
  readonly #spent: HeldFrame[] = []

  constructor(slab: Slab, fates: LaterFates) {
    this.slab = slab
    this.#fates = fates
    for (let i = 0; i < SLOTS; i++)
      this.#free.push({ at: i * SLOT + HEADROOM + VNET_LEN, len: 0, link: 0, isFrame: false })
    this.#all = [...this.#free]
  }

  /** Appends a copy of the packet's frame to `queue`. Returns false without room, or if the frame is too large. */
  hold(packet: Packet, queue: HeldFrame[]): boolean {
    if (packet.len > FRAME_ROOM || queue.length >= MOST_OF_ONE) return false
    const held = this.#free.pop()
    if (held === undefined) return false
    const from = packet.at - VNET_LEN
    this.slab.bytes.set(packet.slab.bytes.subarray(from, packet.at + packet.len), held.at - VNET_LEN)
    held.len = packet.len
    held.link = packet.link
    held.isFrame = false
    this.#newest = held
    queue.push(held)
    return true
  }
  /** The number of frames held or not yet flushed. */
  get count(): number {
    return SLOTS - this.#free.length
  }
  /** A frame comes in: what is held from now on may stand for it. */
  begin(): void {
    this.#newest = undefined
  }
  /** That frame's verdict is HELD: what was held last since it began stands for it. */
  standsForFrame(): void {
    if (this.#newest !== undefined) this.#newest.isFrame = true
  }
  /** It has been sent. */
  left(held: HeldFrame): void {
    this.#fates.left(held.isFrame)
    held.isFrame = false
    this.#spent.push(held)
  }
  /** It is not sent. */
  giveUp(held: HeldFrame, verdict: Verdict): void {
    this.#fates.gaveUp(verdict, held.isFrame)
    held.isFrame = false
    this.#spent.push(held)
  }
  /** Frames that came in and wait. */
  get frames(): number {
    return this.#all.reduce((so, { isFrame }) => so + Number(isFrame), 0)
  }
  /** What is held stands for no frame any more, as the counters begin anew. */
  forgetFrames(): void {
    for (const held of this.#all) held.isFrame = false
  }
  /** Called when a turn begins: frees the slots of what was sent or given up in the last one. */
  release(): void {
    while (this.#spent.length > 0) this.#free.push(this.#spent.pop()!)
  }
}
