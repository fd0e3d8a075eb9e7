import { VNET_LEN, type Slab } from '../packet/frame.js'
import { EAGAIN, EINTR, ENOBUFS, errno, mapMemory, sendmmsg } from './libc.js'

/** Frames that one sendmmsg may carry. */
const MOST = 1024
const IOVEC_LEN = 16
/** struct mmsghdr: a struct msghdr of 56 octets, the octets sent, padding. */
const MMSGHDR_LEN = 64
const MSG_IOV = 16
const MSG_IOVLEN = 24
const MSG_DONTWAIT = 0x40

/**
 * Frames on their way out by one socket: their addresses, not their octets. They are sent from where they lie, virtio
 * header first, by one sendmmsg a batch.
 */
export class SendQueue {
  readonly #fd: number
  readonly #iovecs: Uint32Array
  readonly #messagesAt: number
  #queued = 0
  /** Frames that the kernel would not take. */
  dropped = 0

  constructor(fd: number) {
    this.#fd = fd
    const memory = mapMemory(MOST * (IOVEC_LEN + MMSGHDR_LEN))
    this.#iovecs = new Uint32Array(memory.bytes.buffer, 0, (MOST * IOVEC_LEN) / 4)
    const messages = MOST * IOVEC_LEN
    this.#messagesAt = memory.address + messages
    for (let i = 0; i < MOST; i++) {
      const iovec = memory.address + i * IOVEC_LEN
      const at = messages + i * MMSGHDR_LEN
      memory.view.setUint32(at + MSG_IOV, iovec >>> 0, true)
      memory.view.setUint32(at + MSG_IOV + 4, Math.floor(iovec / 2 ** 32), true)
      memory.view.setUint32(at + MSG_IOVLEN, 1, true)
    }
  }

  push(slab: Slab, at: number, len: number): boolean {
    if (this.#queued === MOST) this.flush()
    const address = slab.address + at - VNET_LEN
    const word = this.#queued++ << 2
    this.#iovecs[word] = address >>> 0
    this.#iovecs[word + 1] = Math.floor(address / 2 ** 32)
    this.#iovecs[word + 2] = len + VNET_LEN
    return true
  }

  /** Sends all that is queued. A frame that the kernel refuses is lost, alone; when it has no room, the rest is. */
  flush(): void {
    let sent = 0
    while (sent < this.#queued) {
      const done: number = sendmmsg(this.#fd, this.#messagesAt + sent * MMSGHDR_LEN, this.#queued - sent, MSG_DONTWAIT)
      if (done > 0) {
        sent += done
        continue
      }
      const reason = errno()
      if (reason === EINTR) continue
      const lost = reason === EAGAIN || reason === ENOBUFS ? this.#queued - sent : 1
      this.dropped += lost
      sent += lost
    }
    this.#queued = 0
  }
}
