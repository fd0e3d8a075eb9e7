import type { Slab } from '../packet/frame.js'
import { mapMemory } from './libc.js'

const IOVEC_LEN = 16
/** struct mmsghdr: a struct msghdr of 56 octets, the octets that passed, padding. */
const MMSGHDR_LEN = 64
const MSG_IOV = 16
const MSG_IOVLEN = 24

/** What sendmmsg(2) takes: an array of `count` iovecs, and behind it the headers, of which each has one. */
export class MessageArray {
  /** Begins with the iovecs, 16 octets each: address, length. */
  readonly memory: Slab
  readonly #headersAt: number

  constructor(count: number) {
    const memory = mapMemory(count * (IOVEC_LEN + MMSGHDR_LEN))
    const headers = count * IOVEC_LEN
    this.memory = memory
    this.#headersAt = memory.address + headers
    for (let i = 0; i < count; i++) {
      const iovec = memory.address + i * IOVEC_LEN
      const at = headers + i * MMSGHDR_LEN
      memory.view.setUint32(at + MSG_IOV, iovec >>> 0, true)
      memory.view.setUint32(at + MSG_IOV + 4, Math.floor(iovec / 2 ** 32), true)
      memory.view.setUint32(at + MSG_IOVLEN, 1, true)
    }
  }

  /** Address of the nth message's header. */
  header(n: number): number {
    return this.#headersAt + n * MMSGHDR_LEN
  }
}
