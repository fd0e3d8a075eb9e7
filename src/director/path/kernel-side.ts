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
  /** Whether the kernel holds the destination. */
  holds(packet: Packet): boolean {
    return this.#ownAddresses.isKernels(packet.ip.dstAddr)
  }

  /**
   * Gives the packet back as it came: its IP header and what follows are untouched, or put together from pieces. Where uvs is the only
   * host the kernel has seen it itself, if it can.
   */
  giveBack(packet: Packet): Verdict {
    const link = this.#links[packet.link]!
    if (!link.isBeside) return Verdict.LEFT_TO_KERNEL
    packet.vnet.prepareToSend(packet.vnet.gsoSize === 0 ? 0 : segmentHeadersLen(packet))
    packet.eth.setDst(link.mac)
    const isTaken = this.#egress.toKernel?.(link, packet.slab, packet.at, packet.len) ?? false
    return isTaken ? Verdict.LEFT_TO_KERNEL : Verdict.DROP_DEVICE_QUEUE
  }
}
