import type { Egress, Slab } from '../../src/packet/frame.js'
import type { Link } from '../../src/packet/link.js'
import { Packet } from '../../src/packet/packet.js'
import { finishChecksum } from '../../src/packet/partial-checksum.js'

/** The most frames that one frame, or one turn of the director, may send: as a device's queue. */
const MOST = 4096

/** A frame that was sent: it lies in the director's memory until the next one comes in. */
export interface SentFrame {
  link: Link
  slab: Slab
  at: number
  len: number
}

/** Takes what a director sends, as devices do; what they do to a frame is done to it when it is taken out. */
export class SentFrames implements Egress {
  dropped = 0
  readonly #frames: SentFrame[] = []
  #count = 0
  #taken = 0
  readonly #packet = new Packet()

  /** Frames that wait to be taken. */
  get count(): number {
    return this.#count - this.#taken
  }
  transmit(link: Link, slab: Slab, at: number, len: number): boolean {
    if (this.#count === MOST) {
      this.dropped++
      return false
    }
    const frame = this.#frames[this.#count]
    if (frame === undefined) this.#frames.push({ link, slab, at, len })
    else {
      frame.link = link
      frame.slab = slab
      frame.at = at
      frame.len = len
    }
    this.#count++
    return true
  }

  /** The next one, its checksum complete; undefined: no more. */
  take(): SentFrame | undefined {
    if (this.#taken === this.#count) {
      this.#taken = this.#count = 0
      return undefined
    }
    const frame = this.#frames[this.#taken++]!
    const packet = this.#packet.wrap(frame.link.index, frame.slab, frame.at, frame.len)
    if (packet.vnet.isPartial && packet.vnet.gsoType === 0) finishChecksum(packet)
    return frame
  }
}
