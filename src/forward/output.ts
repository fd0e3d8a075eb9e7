/*
 * 1. where to?            neigh/routes        → DROP_NO_ROUTE
 * 2. may it be too large? the caller asks     → DROP_TOO_BIG
 * 3. too large, or came in pieces: cut        forward/segmenter, forward/fragmenter → DROP_NO_MEMORY
 * 4. by which MAC?        neigh/neighbours    → HELD, DROP_NEIGHBOUR_QUEUE
 * 5. out                  the port's device   → DROP_DEVICE_QUEUE
 */
import type { Neighbours } from '../neigh/neighbours.js'
import { ON_LINK, type Route, type Routes } from '../neigh/routes.js'
import type { Egress } from '../packet/frame.js'
import type { Packet } from '../packet/packet.js'
import type { TurnMemory } from '../packet/turn-memory.js'
import type { Port } from '../packet/link.js'
import { Verdict } from '../packet/verdict.js'
import { segmentHeadersLen } from '../packet/virtio.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { Fragmenter, type PieceSink } from './fragmenter.js'
import { Segmenter } from './segmenter.js'

/** The way out for every IP packet: `route` first, then `transmit`. Holds the route between the two. */
export class Output implements PieceSink {
  readonly #routes: Routes
  readonly #neighbours: Neighbours
  readonly #egress: Egress
  #route: Route | undefined
  #nextHop = 0
  #mtu = 0
  readonly #fragmenter: Fragmenter
  readonly #segmenter: Segmenter

  constructor(routes: Routes, neighbours: Neighbours, egress: Egress, memory: TurnMemory) {
    this.#fragmenter = new Fragmenter(memory)
    this.#segmenter = new Segmenter(memory)
    this.#routes = routes
    this.#neighbours = neighbours
    this.#egress = egress
  }

  /** Finds the route to `dst`; false if there is none. */
  route(dst: number): boolean {
    this.#route = this.#routes.lookup(dst)
    if (this.#route === undefined) return false
    this.#nextHop = this.#route.gateway === ON_LINK ? dst : this.#route.gateway
    this.#mtu = this.#routes.pathMtu(dst, this.#route)
    return true
  }
  /** The port of the route found. */
  get port(): Port {
    return this.#route!.port
  }
  /** Our address that a packet of our own on the route found comes from. */
  get source(): Ipv4Addr {
    return this.#routes.sourceFor(this.port, this.#nextHop)
  }
  /** Octets of an IP packet on the route found. */
  get mtu(): number {
    return this.#mtu
  }
  /** Whether the packet, or each segment that a GSO frame stands for, is larger than `mtu`. */
  exceeds(packet: Packet, mtu: number): boolean {
    if (packet.ipLen <= mtu) return false
    const gsoSize = packet.vnet.gsoSize
    return gsoSize === 0 || segmentHeadersLen(packet) - ETHERNET_LEN + gsoSize > mtu
  }

  /**
   * Sends the packet on the route found, in pieces where it must be; it is complete but for its Ethernet addresses. PASS
   * when it is on its way. Views of it may point elsewhere afterwards.
   */
  transmit(packet: Packet): Verdict {
    if (packet.largestPiece === 0 && !this.exceeds(packet, this.#mtu)) return this.#emit(packet)
    if (packet.vnet.gsoSize !== 0) return this.#segmenter.split(packet, this)
    return this.#fragmenter.split(packet, this.#mtu, this)
  }
  /** Sends each segment that the GSO packet stands for to the sink. */
  segment(packet: Packet, sink: PieceSink): Verdict {
    return this.#segmenter.split(packet, sink)
  }
  piece(packet: Packet): Verdict {
    if (packet.ipLen > this.#mtu) return this.#fragmenter.split(packet, this.#mtu, this)
    return this.#emit(packet)
  }

  #emit(packet: Packet): Verdict {
    const { port } = this.#route!
    packet.vnet.prepareToSend(packet.vnet.gsoSize === 0 ? 0 : segmentHeadersLen(packet))
    packet.eth.setSrc(port.mac)
    const neighbour = this.#neighbours.get(port, this.#nextHop)
    if (neighbour === undefined) return Verdict.DROP_NEIGHBOUR_QUEUE
    if (!neighbour.usable) return this.#neighbours.hold(packet, neighbour)
    packet.eth.setDst(neighbour.mac)
    const sent = this.#egress.transmit(port, packet.slab, packet.at, packet.len)
    return sent ? Verdict.PASS : Verdict.DROP_DEVICE_QUEUE
  }
}
