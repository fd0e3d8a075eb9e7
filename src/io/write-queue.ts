import { VNET_LEN, type Slab } from '../packet/frame.js'
import { write } from './libc.js'

/** Frames that may be queued; more are written ahead of the batch's end. */
const MOST = 1024

/**
 * Frames on their way out by a file that takes one a write: their addresses, not their octets. Written together, they
 * find their receivers awake: the first wakes them, and the others come before they sleep again.
 */
export class WriteQueue {
  readonly #fd: number
  readonly #addresses = new Float64Array(MOST)
  readonly #lengths = new Int32Array(MOST)
  #queued = 0
  /** Frames that the kernel would not take. */
  dropped = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  push(slab: Slab, at: number, len: number): boolean {
    if (this.#queued === MOST) this.flush()
    this.#addresses[this.#queued] = slab.address + at - VNET_LEN
    this.#lengths[this.#queued++] = len + VNET_LEN
    return true
  }

  /** Writes all that is queued. A frame that the kernel refuses is lost, alone. */
  flush(): void {
    for (let i = 0; i < this.#queued; i++) {
      if (write(this.#fd, this.#addresses[i]!, this.#lengths[i]!) < 0) this.dropped++
    }
    this.#queued = 0
  }
}
