import { Mark } from '../ebpf/front-program.js'
import { check, close } from '../linux/libc.js'
import { bindTo, packetSocket, setBuffers, setOption } from '../linux/packet-socket.js'
import { setSocketOption, SocketOption, wordOf } from '../linux/socket-option.js'
import type { Slab } from '../packet/frame.js'
import { SendQueue } from './send-queue.js'

const PACKET_VNET_HDR = 15
/** No EtherType: the socket hears nothing. */
const DEAF = 0
const BUFFER_OCTETS = 4 * 2 ** 20

/**
 * Gives frames that uvs has taken back to the kernel's stack: sends them by the interface that they came in by, marked, and the
 * front's program at its egress (ebpf/front-program.ts) has them come in once more.
 */
export class GiveBack {
  readonly #fd: number
  readonly #queue: SendQueue

  /** SystemError if there is no such socket. */
  constructor(name: string, ifindex: number) {
    this.#fd = packetSocket()
    try {
      setOption(this.#fd, PACKET_VNET_HDR, 1)
      setSocketOption(this.#fd, SocketOption.MARK, wordOf(Mark.RETURNED), 'SO_MARK')
      setBuffers(this.#fd, BUFFER_OCTETS)
      bindTo(this.#fd, ifindex, DEAF, name)
    } catch (error) {
      close(this.#fd)
      throw error
    }
    this.#queue = new SendQueue(this.#fd)
  }

  /** As `Device.transmit`. */
  transmit(slab: Slab, at: number, len: number): boolean {
    return this.#queue.transmit(slab, at, len)
  }
  flush(): void {
    this.#queue.flush()
  }
  get dropped(): number {
    return this.#queue.dropped
  }
  close(): void {
    check(close(this.#fd), 'close')
  }
}
