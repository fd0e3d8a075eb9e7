import { Fragmenter, type PieceSink } from '../../forward/fragmenter.js'
import { Hop } from '../../forward/hop.js'
import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Egress } from '../../packet/frame.js'
import type { FrameWitness, Watch } from '../../packet/frame-witness.js'
import type { Link } from '../../packet/link.js'
import type { Packet } from '../../packet/packet.js'
import type { TurnMemory } from '../../packet/turn-memory.js'
import { sentAs, Verdict } from '../../packet/verdict.js'
import { segmentHeadersLen } from '../../packet/virtio.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { DROP_DEVICE_QUEUE, LEFT_TO_KERNEL, SENT } = Verdict

/**
 * The host's kernel, on links that uvs shares with it. The front takes packets that may be for uvs; others are given back here, and
 * the kernel handles them as if they had just arrived.
 */
export class KernelSide implements PieceSink {
  readonly #links: readonly Link[]
  readonly #ownAddresses: OwnAddresses
  readonly #egress: Egress
  readonly #fragmenter: Fragmenter
  /** For its MTU: that of the link by which a datagram came in pieces. */
  readonly #back = new Hop()
  readonly #watch: Watch<FrameWitness>

  constructor(
    links: readonly Link[],
    ownAddresses: OwnAddresses,
    egress: Egress,
    memory: TurnMemory,
    watch: Watch<FrameWitness>,
  ) {
    this.#watch = watch
    this.#fragmenter = new Fragmenter(memory)
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
   * Gives the packet back as it came: its IP header and what follows are untouched. One that came in pieces goes in pieces: whole, it
   * may be longer than the interface takes. On a link that uvs holds alone nothing is sent: the kernel, if it hears the link, got its own copy.
   */
  giveBack(packet: Packet): Verdict {
    const link = this.#links[packet.link]!
    if (!link.isBeside) return LEFT_TO_KERNEL
    const isWhole = packet.largestPiece === 0 && (packet.ipLen <= link.mtu || packet.vnet.gsoSize !== 0)
    if (isWhole) return sentAs(LEFT_TO_KERNEL, this.piece(packet))
    this.#back.mtu = link.mtu
    return sentAs(LEFT_TO_KERNEL, this.#fragmenter.split(packet, this.#back, this, true))
  }

  piece(packet: Packet): Verdict {
    const link = this.#links[packet.link]!
    packet.vnet.prepareToSend(packet.vnet.gsoSize === 0 ? 0 : segmentHeadersLen(packet))
    packet.eth.setDst(link.mac)
    const isTaken = this.#egress.toKernel?.(link, packet.slab, packet.at, packet.len) ?? false
    this.#watch.witness?.sent(link, packet.slab, packet.at, packet.len, isTaken, true)
    return isTaken ? SENT : DROP_DEVICE_QUEUE
  }
}
