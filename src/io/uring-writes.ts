import { VNET_LEN, type Slab } from '../packet/frame.js'
import { SQE_WORDS, type Uring } from '../linux/uring.js'
import { MOST_WRITES, type WriteQueue } from './write-queue.js'

// struct io_uring_sqe, in 32-bit words: the operation, the file, the address of the octets, their number.
const OPCODE = 0
const FD = 1
const ADDRESS = 4
const LEN = 6
const OP_WRITE = 23

/**
 * A queue whose frames are entries of an io_uring: one system call writes them all. The file is named anew in each, not
 * registered with the ring: a ring is taken down some time after its process has ended, and would hold the file till then.
 */
export class UringWrites implements WriteQueue {
  readonly #ring: Uring
  #queued = 0
  dropped = 0

  /** `ring` has MOST_WRITES entries, and is closed with the queue. */
  constructor(fd: number, ring: Uring) {
    this.#ring = ring
    for (let at = 0; at < MOST_WRITES * SQE_WORDS; at += SQE_WORDS) {
      ring.sqes[at + OPCODE] = OP_WRITE
      ring.sqes[at + FD] = fd
    }
  }

  transmit(slab: Slab, at: number, len: number): boolean {
    if (this.#queued === MOST_WRITES) this.flush()
    const { sqes } = this.#ring
    const sqe = this.#ring.place(this.#queued++)
    const address = slab.address + at - VNET_LEN
    sqes[sqe + ADDRESS] = address | 0
    sqes[sqe + ADDRESS + 1] = Math.floor(address / 2 ** 32)
    sqes[sqe + LEN] = len + VNET_LEN
    return true
  }

  flush(): void {
    if (this.#queued === 0) return
    this.dropped += this.#ring.run(this.#queued)
    this.#queued = 0
  }

  close(): void {
    this.#ring.close()
  }
}
