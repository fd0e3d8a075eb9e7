/*
 * 1. where to?            neigh/routes      → DROP_NO_ROUTE
 * 2. small enough?        the caller asks   → DROP_TOO_BIG
 * 3. by which MAC?        neigh/neighbours  → HELD, DROP_NEIGHBOUR_QUEUE
 * 4. out                  the port's device → DROP_DEVICE_QUEUE
 */
import type { Neighbours } from '../neigh/neighbours.js'
import { ON_LINK, type Route, type Routes } from '../neigh/routes.js'
import type { Egress } from '../packet/frame.js'
import type { Packet } from '../packet/packet.js'
import type { Port } from '../packet/port.js'
import { Verdict } from '../packet/verdict.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { IpProtocol } from '../wire/ipv4.js'
import { UDP_LEN } from '../wire/udp.js'

/** The way out for every IP packet: `route` first, then `transmit`. Holds the route between the two. */
export class Output {
  readonly #routes: Routes
  readonly #neighbours: Neighbours
  readonly #egress: Egress
  #route: Route | undefined
  #nextHop = 0

  constructor(routes: Routes, neighbours: Neighbours, egress: Egress) {
    this.#routes = routes
    this.#neighbours = neighbours
    this.#egress = egress
  }

  /** Finds the route to `dst`; false if there is none. */
  route(dst: number): boolean {
    this.#route = this.#routes.lookup(dst)
    if (this.#route === undefined) return false
    this.#nextHop = this.#route.gateway === ON_LINK ? dst : this.#route.gateway
    return true
  }
  /** The port of the route found. */
  get port(): Port {
    return this.#route!.port
  }
  /** Octets of an IP packet on the route found. */
  get mtu(): number {
    return this.#route!.mtu
  }
  /** Whether the packet, or each segment that a GSO frame stands for, is larger than the route's MTU. */
  exceedsMtu(packet: Packet): boolean {
    if (packet.ipLen <= this.#route!.mtu) return false
    const gsoSize = packet.vnet.gsoSize
    return gsoSize === 0 || headersLen(packet) - ETHERNET_LEN + gsoSize > this.#route!.mtu
  }

  /** Sends the packet on the route found; it is complete but for its Ethernet addresses. PASS when it is on its way. */
  transmit(packet: Packet): Verdict {
    const { port } = this.#route!
    packet.vnet.prepareToSend(packet.vnet.gsoSize === 0 ? 0 : headersLen(packet))
    packet.eth.setSrc(port.mac)
    const neighbour = this.#neighbours.get(port, this.#nextHop)
    if (neighbour === undefined) return Verdict.DROP_NEIGHBOUR_QUEUE
    if (!neighbour.usable) return this.#neighbours.hold(packet, neighbour)
    packet.eth.setDst(neighbour.mac)
    const sent = this.#egress.transmit(port, packet.slab, packet.at, packet.len)
    return sent ? Verdict.PASS : Verdict.DROP_DEVICE_QUEUE
  }
}

/** Octets from the Ethernet header to the transport payload. */
function headersLen(packet: Packet): number {
  const transportHeader = packet.protocol === IpProtocol.TCP ? tcpHeaderLen(packet) : UDP_LEN
  return packet.transportAt - packet.at + transportHeader
}
function tcpHeaderLen(packet: Packet): number {
  return packet.tcp.wrap(packet.slab.view, packet.transportAt).headerLen
}
