import { interfaceInfo } from '../linux/interface.js'
import { PacketRing } from '../io/packet-ring.js'
import { setBuffers, setFilter } from '../linux/packet-socket.js'
import { tunnelFilter } from './tunnel-filter.js'

const BUFFER_OCTETS = 16 * 2 ** 20

/** Reads frames of tunnels that end at an interface; the kernel has reassembled the outer fragments. */
export class TunnelRing extends PacketRing {
  readonly ifindex: number
  readonly #name: string

  /** SystemError if there is no such interface. */
  constructor(name: string, guePort: number) {
    const info = interfaceInfo(name)
    super(name, info, { filter: tunnelFilter(guePort, info.index) })
    this.#name = name
    this.ifindex = info.index
    try {
      this.reassemble()
      setBuffers(this.fd, BUFFER_OCTETS)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Whether another interface has taken the name since. */
  isStale(): boolean {
    try {
      return interfaceInfo(this.#name).index !== this.ifindex
    } catch {
      return false
    }
  }

  /** Receives GUE on this port from now on. */
  listen(guePort: number): void {
    setFilter(this.fd, tunnelFilter(guePort, this.ifindex))
  }
}
