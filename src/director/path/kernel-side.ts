import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Egress } from '../../packet/frame.js'
import type { Link } from '../../packet/link.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { segmentHeadersLen } from '../../packet/virtio.js'

/**
 * The host's kernel, where it lives beside us on a link. The front takes from it what may be ours; what turns out to be nobody's
 * goes back, and the kernel treats it as if it had just arrived.
 */
export class KernelSide {
  readonly #links: readonly Link[]
  readonly #ownAddresses: OwnAddresses
  readonly #egress: Egress

  constructor(links: readonly Link[], ownAddresses: OwnAddresses, egress: Egress) {
    this.#links = links
    this.#ownAddresses = ownAddresses
    this.#egress = egress
  }

  /** Whether the packet came in where the kernel lives too. */
  isBeside(packet: Packet): boolean {
    return this.#links[packet.port]!.isBeside
  }
  /** Whether the kernel would take the packet in: it lives there, and holds the destination. */
  holds(packet: Packet): boolean {
    return this.isBeside(packet) && this.#ownAddresses.isKernels(packet.ip.dstAddr)
  }

  /** Gives the packet back as it came: its IP header and what follows are untouched, or put together from pieces. */
  giveBack(packet: Packet): Verdict {
    const link = this.#links[packet.port]!
    packet.vnet.prepareToSend(packet.vnet.gsoSize === 0 ? 0 : segmentHeadersLen(packet))
    packet.eth.setDst(link.mac)
    const isTaken = this.#egress.toKernel?.(link, packet.slab, packet.at, packet.len) ?? false
    return isTaken ? Verdict.LEFT_TO_KERNEL : Verdict.DROP_DEVICE_QUEUE
  }
}
