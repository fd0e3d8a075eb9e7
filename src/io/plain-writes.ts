import { VNET_LEN, type Slab } from '../packet/frame.js'
import { write } from '../linux/libc.js'
import { MOST_WRITES, type WriteQueue } from './write-queue.js'

/** A queue that makes a system call for each frame. */
export class PlainWrites implements WriteQueue {
  readonly #fd: number
  readonly #addresses = new Float64Array(MOST_WRITES)
  readonly #lengths = new Int32Array(MOST_WRITES)
  #queued = 0
  dropped = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  transmit(slab: Slab, at: number, len: number): boolean {
    if (this.#queued === MOST_WRITES) this.flush()
    this.#addresses[this.#queued] = slab.address + at - VNET_LEN
    this.#lengths[this.#queued++] = len + VNET_LEN
    return true
  }

  flush(): void {
    for (let i = 0; i < this.#queued; i++) {
      if (write(this.#fd, this.#addresses[i]!, this.#lengths[i]!) < 0) this.dropped++
    }
    this.#queued = 0
  }

  close(): void {}
}
