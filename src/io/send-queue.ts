import { VNET_LEN, type Slab } from '../packet/frame.js'
import { EAGAIN, EINTR, ENOBUFS, errno, sendmmsg } from '../linux/libc.js'
import { MessageArray } from '../linux/message-array.js'
import { setOption } from '../linux/packet-socket.js'

/** Frames that one sendmmsg may carry. */
const MOST = 1024
const MSG_DONTWAIT = 0x40
const PACKET_QDISC_BYPASS = 20

/**
 * Frames on their way out by one socket: their addresses, not their octets. They are sent from where they lie, virtio
 * header first, by one sendmmsg a batch.
 */
export class SendQueue {
  readonly #fd: number
  readonly #messages = new MessageArray(MOST)
  readonly #iovecs = new Uint32Array(this.#messages.memory.bytes.buffer, 0, MOST * 4)
  #queued = 0
  /** Past the device's qdisc (packet(7)). */
  #isDirect: boolean
  /** Frames that the kernel would not take. */
  dropped = 0

  /**
   * `isDirect`: frames go past the qdisc, which is quicker, until the device takes one no more: it has no room, or does not segment large
   * frames itself (`ethtool -K … tso off`), and the kernel does neither for it there. Then they go by the qdisc.
   */
  constructor(fd: number, isDirect = false) {
    this.#fd = fd
    this.#isDirect = isDirect
    if (isDirect) setOption(fd, PACKET_QDISC_BYPASS, 1)
  }

  transmit(slab: Slab, at: number, len: number): boolean {
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
      const done: number = sendmmsg(this.#fd, this.#messages.header(sent), this.#queued - sent, MSG_DONTWAIT)
      if (done > 0) {
        sent += done
        continue
      }
      const reason = errno()
      if (reason === EINTR) continue
      if (reason === ENOBUFS && this.#isDirect) {
        this.#isDirect = false
        setOption(this.#fd, PACKET_QDISC_BYPASS, 0)
        continue
      }
      const lost = reason === EAGAIN || reason === ENOBUFS ? this.#queued - sent : 1
      this.dropped += lost
      sent += lost
    }
    this.#queued = 0
  }
}
