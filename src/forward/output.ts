/*
 * 1. where to?            neigh/routes        → DROP_NO_ROUTE
 * 2. too large with DF?   the caller asks     → DROP_TOO_BIG
 * 3. too large, or reassembled: cut           forward/segmenter, forward/fragmenter → DROP_NO_MEMORY
 * 4. to which MAC?        neigh/neighbours    → HELD, DROP_NEIGHBOUR_QUEUE
 * 5. out                  the link's device   → DROP_DEVICE_QUEUE
 */
import type { Neighbours } from '../neigh/neighbours.js'
import type { OwnAddresses } from '../neigh/own-addresses.js'
import { ON_LINK, type Route, type Routes } from '../neigh/routes.js'
import type { Egress } from '../packet/frame.js'
import type { FrameWitness, Watch } from '../packet/frame-witness.js'
import type { Link } from '../packet/link.js'
import type { Packet } from '../packet/packet.js'
import type { TurnMemory } from '../packet/turn-memory.js'
import { Verdict } from '../packet/verdict.js'
import { segmentHeadersLen } from '../packet/virtio.js'
import type { Ipv4Addr } from '../wire/addr.js'
import * as fromEthernet from '../wire/ethernet.js'
import { IpProtocol } from '../wire/ipv4.js'
import { Fragmenter, type PieceSink } from './fragmenter.js'
import { Hop } from './hop.js'
import { Segmenter } from './segmenter.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { DROP_DEVICE_QUEUE, DROP_NEIGHBOUR_QUEUE, SENT } = Verdict
const { TCP } = IpProtocol
const { ETHERNET_LEN } = fromEthernet

/** Sends a complete packet to a hop. */
export type Transmitter = Pick<Output, 'transmit'>

/** Every IP packet leaves by this: `route` first, then `transmit`. */
export class Output implements PieceSink {
  readonly #routes: Routes
  readonly #neighbours: Neighbours
  readonly #egress: Egress
  readonly #hop = new Hop()
  readonly #fragmenter: Fragmenter
  readonly #segmenter: Segmenter
  readonly #watch: Watch<FrameWitness>
  /** The way to programs of this host, and the kernel's addresses, by which it goes. */
  #toHost: Route | undefined
  #ownAddresses: OwnAddresses | undefined

  constructor(routes: Routes, neighbours: Neighbours, egress: Egress, memory: TurnMemory, watch: Watch<FrameWitness>) {
    this.#watch = watch
    this.#fragmenter = new Fragmenter(memory)
    this.#segmenter = new Segmenter(memory)
    this.#routes = routes
    this.#neighbours = neighbours
    this.#egress = egress
  }

  /** From now on packets to the kernel's own addresses leave by the link, to programs of this host. */
  reachHost(link: Link, ownAddresses: OwnAddresses): void {
    const [network, mask] = [0 as Ipv4Addr, 0 as Ipv4Addr]
    this.#toHost = { network, mask, prefix: 0, link, gateway: ON_LINK, mtu: link.mtu }
    this.#ownAddresses = ownAddresses
  }

  /** The next hop towards `dst`, valid until the next call; undefined without a route. */
  route(dst: Ipv4Addr): Hop | undefined {
    const host = this.#toHost
    if (host !== undefined && this.#ownAddresses!.isKernels(dst)) return this.#hop.point(dst, host, host.mtu)
    const route = this.#routes.lookup(dst)
    return route === undefined ? undefined : this.#hop.point(dst, route, this.#routes.pathMtu(dst, route))
  }
  /** The source address of the director's own packets to this hop. */
  source(hop: Hop): Ipv4Addr {
    return this.#routes.sourceFor(hop.link, hop.nextHop)
  }
  /** Whether the packet, or the segments of a GSO frame, are larger than `mtu`. */
  exceeds(packet: Packet, mtu: number): boolean {
    if (packet.ipLen <= mtu) return false
    const gsoSize = packet.vnet.gsoSize
    return gsoSize === 0 || segmentHeadersLen(packet) - ETHERNET_LEN + gsoSize > mtu
  }

  /**
   * Sends the packet to the hop, cut if it is too large. It is complete except for the Ethernet addresses. Returns SENT, HELD
   * or a drop. The packet's views may point elsewhere afterwards.
   */
  transmit(packet: Packet, hop: Hop): Verdict {
    if (packet.largestPiece === 0 && !this.exceeds(packet, hop.mtu)) return this.#emit(packet, hop)
    if (packet.vnet.gsoSize !== 0) return this.#segmenter.split(packet, hop, this)
    return this.#fragmenter.split(packet, hop, this)
  }
  /** Hands each segment of the GSO packet to the sink. */
  segment(packet: Packet, hop: Hop, sink: PieceSink): Verdict {
    return this.#segmenter.split(packet, hop, sink)
  }
  piece(packet: Packet, hop: Hop): Verdict {
    if (packet.ipLen > hop.mtu) return this.#fragmenter.split(packet, hop, this)
    return this.#emit(packet, hop)
  }

  #emit(packet: Packet, hop: Hop): Verdict {
    const { link } = hop
    if (link === this.#toHost?.link && packet.vnet.gsoSize !== 0 && packet.protocol !== TCP)
      return this.#segmenter.split(packet, hop, this) // each is a datagram of its own
    packet.vnet.prepareToSend(packet.vnet.gsoSize === 0 ? 0 : segmentHeadersLen(packet))
    packet.eth.setSrc(link.mac)
    if (link === this.#toHost?.link) return this.#send(packet, link)
    const neighbour = this.#neighbours.get(link, hop.nextHop)
    if (neighbour === undefined) return DROP_NEIGHBOUR_QUEUE
    if (!neighbour.usable) return this.#neighbours.hold(packet, neighbour)
    packet.eth.setDst(neighbour.mac)
    return this.#send(packet, link)
  }
  #send(packet: Packet, link: Link): Verdict {
    const sent = this.#egress.transmit(link, packet.slab, packet.at, packet.len)
    this.#watch.witness?.sent(link, packet.slab, packet.at, packet.len, sent, false)
    return sent ? SENT : DROP_DEVICE_QUEUE
  }
}
