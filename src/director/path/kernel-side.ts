import { Fragmenter, type PieceSink } from '../../forward/fragmenter.js'
import { Hop } from '../../forward/hop.js'
import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Egress } from '../../packet/frame.js'
import type { Link } from '../../packet/link.js'
import type { Packet } from '../../packet/packet.js'
import type { TurnMemory } from '../../packet/turn-memory.js'
import { sentAs, Verdict } from '../../packet/verdict.js'
import { segmentHeadersLen } from '../../packet/virtio.js'

/**
 * The host's kernel, on links that uvs shares with it. The front takes packets that may be for uvs; others are given back here, and
 * the kernel handles them as if they had just arrived.
 */
export class KernelSide implements PieceSink {
  readonly #links: readonly Link[]
  readonly #ownAddresses: OwnAddresses
  readonly #egress: Egress
  readonly #fragmenter: Fragmenter
  /** For the fragmenter: the MTU of the interface that the packet came in by. */
  readonly #hop = new Hop()

  constructor(links: readonly Link[], ownAddresses: OwnAddresses, egress: Egress, memory: TurnMemory) {
    this.#links = links
    this.#ownAddresses = ownAddresses
    this.#egress = egress
    this.#fragmenter = new Fragmenter(memory)
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
   * Gives the packet back as it came: its IP header and what follows are untouched. A datagram put together from fragments goes
   * back whole, or in fragments if it exceeds the interface's MTU: a packet socket sends no larger frame. Where uvs is the only host
   * the kernel has seen it itself, if it can.
   */
  giveBack(packet: Packet): Verdict {
    const { isBeside, mtu } = this.#links[packet.link]!
    if (!isBeside) return Verdict.LEFT_TO_KERNEL
    const hop = this.#hop
    hop.mtu = mtu
    const isCut = packet.largestPiece !== 0 && packet.ipLen > mtu
    return sentAs(Verdict.LEFT_TO_KERNEL, isCut ? this.#fragmenter.split(packet, hop, this) : this.piece(packet))
  }

  /** Gives back a packet that fits. Returns SENT or DROP_DEVICE_QUEUE. */
  piece(packet: Packet): Verdict {
    const link = this.#links[packet.link]!
    packet.vnet.prepareToSend(packet.vnet.gsoSize === 0 ? 0 : segmentHeadersLen(packet))
    packet.eth.setDst(link.mac)
    const isTaken = this.#egress.toKernel?.(link, packet.slab, packet.at, packet.len) ?? false
    return isTaken ? Verdict.SENT : Verdict.DROP_DEVICE_QUEUE
  }
}
