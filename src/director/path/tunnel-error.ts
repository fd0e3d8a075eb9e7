/*
 * ICMP errors about tunnelled packets to a real server (ipvs-behaviour.md §6.7):
 * 1. is the quoted outer packet one of our tunnels?        service/ → else PASS
 * 2. is the inner packet of an open connection?            conn/table → else PASS
 * 3. is the ICMP checksum right?                           → else DROP_ICMP_CHECKSUM
 * 4. fragmentation needed: the path's MTU is learnt. If the client's packet has DF, the client is told an MTU: that of the
 *    route which the last packet took
 *    any other error: the client is told the same error about its own packet → CONSUMED
 */
import { NONE } from '../../conn/record.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { TunnelType } from '../../service/method.js'
import { ETHERNET_LEN } from '../../wire/ethernet.js'
import { GreFlag, GreView } from '../../wire/gre.js'
import { GUE_LEN, GueView } from '../../wire/gue.js'
import { ICMP_LEN, IcmpType, Unreachable } from '../../wire/icmp.js'
import { IPV4_LEAST_MTU, IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../wire/ipv4.js'
import { UDP_LEN, UdpView } from '../../wire/udp.js'
import { countOutbound, type Parts } from './parts.js'

const UNKNOWN = -1

export class TunnelErrors {
  readonly #parts: Parts
  readonly #outer = new Ipv4View()
  readonly #udp = new UdpView()
  readonly #gue = new GueView()
  readonly #gre = new GreView()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Takes an ICMP error to one of our addresses: unreachable, source quench or time exceeded. */
  receive(packet: Packet, nowMs: number): Verdict {
    const { view } = packet.slab
    const at = packet.transportAt + ICMP_LEN
    const len = packet.transportLen - ICMP_LEN
    const outer = this.#outer.wrap(view, at)
    if (len < IPV4_MIN_LEN || !outer.isVersion4 || outer.fragmentOffset !== 0) return Verdict.PASS
    const { headerLen } = outer
    if (headerLen < IPV4_MIN_LEN) return Verdict.PASS
    const tunnelLen = this.#tunnelLen(view, at + headerLen, len - headerLen)
    if (tunnelLen === UNKNOWN) return Verdict.PASS
    const innerAt = at + headerLen + tunnelLen
    return this.#aboutInner(packet, innerAt, len - headerLen - tunnelLen, nowMs)
  }

  /**
   * Octets of the tunnel's headers behind the outer IP header, UNKNOWN if it is none of our tunnels. `len` octets stand
   * at `at`.
   */
  #tunnelLen(dv: DataView, at: number, len: number): number {
    const { balancing } = this.#parts
    const { protocol, dstAddr } = this.#outer
    switch (protocol) {
      case IpProtocol.IPIP:
        return balancing.realServers.hasTunnel(dstAddr, TunnelType.IPIP, 0) ? 0 : UNKNOWN
      case IpProtocol.UDP: {
        if (len < UDP_LEN + GUE_LEN) return UNKNOWN
        const { dstPort } = this.#udp.wrap(dv, at)
        if (!balancing.realServers.hasTunnel(dstAddr, TunnelType.GUE, dstPort)) return UNKNOWN
        const gue = this.#gue.wrap(dv, at + UDP_LEN)
        return gue.isData ? UDP_LEN + gue.headerLen : UNKNOWN
      }
      case IpProtocol.GRE: {
        const gre = this.#gre.wrap(dv, at)
        if (!gre.isValid(len) || (gre.flags & ~GreFlag.CHECKSUM) !== 0) return UNKNOWN
        return balancing.realServers.hasTunnel(dstAddr, TunnelType.GRE, 0) ? gre.headerLen : UNKNOWN
      }
      default:
        return UNKNOWN
    }
  }

  /** Handles the error about the packet at `innerAt`, of which `len` octets are quoted. */
  #aboutInner(packet: Packet, innerAt: number, len: number, nowMs: number): Verdict {
    const { conns, embedded, counters, errors, output, routes, watch } = this.#parts
    if (!embedded.wrapAt(packet.slab.view, innerAt, len)) return Verdict.PASS
    const { ip } = embedded
    const conn = conns.table.lookupInbound(ip.protocol, ip.srcAddr, embedded.srcPort, ip.dstAddr, embedded.dstPort)
    watch.witness?.lookedUp('quoted-inbound', conn)
    if (conn === NONE) return Verdict.PASS
    const { icmp } = packet
    if (!icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
    const { type, code } = icmp
    let { rest } = icmp
    if (type === IcmpType.UNREACHABLE && code === Unreachable.FRAGMENTATION_NEEDED) {
      const { dstAddr } = this.#outer
      routes.learnMtu(dstAddr, rest & 0xffff, nowMs)
      // As in the kernel: the MTU of the route that the last packet took, which mostly has not learnt the new MTU yet, less
      // only the outer IP header.
      const dest = conns.destinationOf(conn)
      const hop = dest.hasLearntMtu ? output.route(dstAddr) : undefined
      const mtu = (hop !== undefined ? hop.mtu : dest.routeMtu || rest & 0xffff) - this.#outer.headerLen
      if (!ip.dontFragment || mtu <= IPV4_LEAST_MTU) return Verdict.CONSUMED
      rest = mtu
    }
    countOutbound(counters, conns.destinationOf(conn), len)
    pointAt(packet, innerAt, len)
    errors.send(packet, type, code, rest, packet.ip.dstAddr, nowMs)
    return Verdict.CONSUMED
  }
}

/** Points `packet` at the quoted IP packet at `at`, of `len` octets. Overwrites the 14 octets before it. */
function pointAt(packet: Packet, at: number, len: number): void {
  const { slab, link } = packet
  slab.bytes.fill(0, at - ETHERNET_LEN, at)
  packet.wrap(link, slab, at - ETHERNET_LEN, ETHERNET_LEN + len)
  packet.wrapIp()
  packet.ipLen = len
  packet.protocol = packet.ip.protocol
  packet.transportAt = at + packet.ip.headerLen
  packet.transportLen = len - packet.ip.headerLen
}
