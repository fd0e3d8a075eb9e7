import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Egress } from '../../packet/frame.js'
import type { Link } from '../../packet/link.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { segmentHeadersLen } from '../../packet/virtio.js'

/**
 * The host's kernel, on links that uvs shares with it. The front takes packets that may be for uvs; others are given back here, and
 * the kernel handles them as if they had just arrived.
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

  /** Whether the packet came in by a link shared with the kernel. */
  isBeside(packet: Packet): boolean {
    return this.#links[packet.link]!.isBeside
  }
  /** Whether the kernel would accept the packet: the link is shared and the destination is the kernel's. */
  holds(packet: Packet): boolean {
    return this.isBeside(packet) && this.#ownAddresses.isKernels(packet.ip.dstAddr)
  }

  /** Gives the packet back to the kernel. It must be unchanged from the IP header on, or reassembled from its fragments. */
  giveBack(packet: Packet): Verdict {
    const link = this.#links[packet.link]!
    packet.vnet.prepareToSend(packet.vnet.gsoSize === 0 ? 0 : segmentHeadersLen(packet))
    packet.eth.setDst(link.mac)
    const isTaken = this.#egress.toKernel?.(link, packet.slab, packet.at, packet.len) ?? false
    return isTaken ? Verdict.LEFT_TO_KERNEL : Verdict.DROP_DEVICE_QUEUE
  }
}
