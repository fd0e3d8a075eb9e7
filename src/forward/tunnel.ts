/*
 * TUN, `-i`: the unchanged packet inside an IPv4 packet from the director to the real server. Between the two headers stands
 * nothing (IPIP, RFC 2003), UDP and GUE (draft-ietf-intarea-gue), or GRE (RFC 2784). ipvs-behaviour.md §6.7; cases tun, tun-flows. The
 * new headers go into the frame's headroom.
 */
import type { Packet } from '../packet/packet.js'
import { sumWhenFinished } from '../packet/partial-checksum.js'
import type { Destination } from '../service/destination.js'
import { TunnelFlag, TunnelType } from '../service/method.js'
import type { IpIds } from './ip-ids.js'
import type { Sysctls } from '../service/sysctls.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { fold, pseudoHeaderSum } from '../wire/checksum.js'
import { EtherType } from '../wire/ethernet.js'
import * as fromGre from '../wire/gre.js'
import { GreView } from '../wire/gre.js'
import * as fromGue from '../wire/gue.js'
import { GueView } from '../wire/gue.js'
import * as fromIpv4 from '../wire/ipv4.js'
import { Ecn, IpProtocol } from '../wire/ipv4.js'
import * as fromUdp from '../wire/udp.js'
import { UdpView } from '../wire/udp.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { CSUM } = TunnelFlag
const { GRE, GUE, IPIP } = TunnelType
const { IPV4 } = EtherType
const { CE, ECT0 } = Ecn
const { UDP } = IpProtocol
const { GRE_CHECKSUM_LEN, GRE_LEN } = fromGre
const { GUE_LEN } = fromGue
const { DF, ECN_BITS, IPV4_MIN_LEN } = fromIpv4
const { UDP_LEN } = fromUdp

/** Linux's ip_local_port_range. */
const FIRST_PORT = 32_768
const LAST_PORT = 60_999

export class Tunnels {
  readonly #sysctls: Sysctls
  readonly #ids: IpIds
  readonly #seed: number
  readonly #udp = new UdpView()
  readonly #gue = new GueView()
  readonly #gre = new GreView()

  /** `seed` is mixed into the hash of flows. */
  constructor(sysctls: Sysctls, seed: number, ids: IpIds) {
    this.#sysctls = sysctls
    this.#seed = seed
    this.#ids = ids
  }

  /** Octets that a tunnel to this real server puts before a packet. */
  overhead({ tunnelType, tunnelFlags }: Destination): number {
    switch (tunnelType) {
      case IPIP:
        return IPV4_MIN_LEN
      case GUE:
        return IPV4_MIN_LEN + UDP_LEN + GUE_LEN
      case GRE:
        return IPV4_MIN_LEN + GRE_LEN + ((tunnelFlags & CSUM) !== 0 ? GRE_CHECKSUM_LEN : 0)
    }
  }
  /** Whether packets with DF are refused when too large, not fragmented (sysctl pmtu_disc). */
  get looksForMtu(): boolean {
    return this.#sysctls.pmtuDisc !== 0
  }

  /**
   * Puts the tunnel's headers before the packet, which is no GSO frame. `src`: the director's address, `dst`: the real
   * server's.
   */
  wrap(packet: Packet, dest: Destination, src: Ipv4Addr, dst: Ipv4Addr): void {
    const { ip } = packet
    const { tos, ttl } = ip
    const flags = this.looksForMtu && ip.dontFragment ? DF : 0
    const overhead = this.overhead(dest)
    const protocol = this.#wrapInner(packet, dest, src, dst, overhead - IPV4_MIN_LEN)
    grow(packet, IPV4_MIN_LEN)
    packet.eth.type = IPV4
    packet.wrapIp()
    packet.ipLen += overhead
    packet.protocol = protocol
    packet.transportAt = packet.ipAt + IPV4_MIN_LEN
    packet.transportLen = packet.ipLen - IPV4_MIN_LEN
    const outerTos = (tos & ECN_BITS) === CE ? (tos & ~ECN_BITS) | ECT0 : tos
    const id = flags === DF ? 0 : this.#ids.next()
    ip.build(protocol, packet.ipLen).withTos(outerTos).withTtl(ttl).withId(id, flags).finish(src, dst)
  }

  /** Writes the headers between the outer IP header and the packet. Returns the protocol of the outer IP header. */
  #wrapInner(packet: Packet, dest: Destination, src: Ipv4Addr, dst: Ipv4Addr, len: number): number {
    const { slab, ipAt, ipLen } = packet
    const dv = slab.view
    switch (dest.tunnelType) {
      case IPIP:
        return IpProtocol.IPIP
      case GUE: {
        const srcPort = this.#portOf(packet)
        grow(packet, len)
        const at = ipAt - len
        this.#udp.wrap(dv, at).build(srcPort, dest.tunnelPort, ipLen + len)
        this.#gue.wrap(dv, at + UDP_LEN).build()
        if (dest.tunnelFlags !== 0) {
          const pseudo = pseudoHeaderSum(src, dst, UDP, ipLen + len)
          this.#udp.setChecksum(fold(sumWhenFinished(packet, at) + pseudo))
        }
        return UDP
      }
      case GRE: {
        const hasChecksum = len > GRE_LEN
        grow(packet, len)
        const at = ipAt - len
        this.#gre.wrap(dv, at).build(hasChecksum)
        if (hasChecksum) this.#gre.setChecksum(sumWhenFinished(packet, at))
        return IpProtocol.GRE
      }
    }
  }

  #portOf({ ip, slab, transportAt, transportLen }: Packet): number {
    return this.sourcePort(ip.srcAddr, ip.dstAddr, transportLen >= 4 ? slab.view.getInt32(transportAt) : undefined)
  }
  /**
   * The outer UDP source port, by the packet's addresses and its ports, if it has any. The same for all packets of a flow, so that routers keep them
   * on one path.
   */
  sourcePort(srcAddr: number, dstAddr: number, ports: number | undefined): number {
    let h = Math.imul(srcAddr ^ this.#seed, 0xcc9e2d51) ^ dstAddr
    if (ports !== undefined) h = Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ ports
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    h ^= h >>> 16
    return FIRST_PORT + Math.floor(((h >>> 0) * (LAST_PORT - FIRST_PORT)) / 2 ** 32)
  }
}

/** Moves the frame's start `len` octets forward, into the headroom. A partial checksum's place is mended accordingly. */
function grow(packet: Packet, len: number): void {
  const { vnet, link, slab, at } = packet
  const isPartial = vnet.isPartial
  const { csumStart, csumOffset } = vnet
  packet.wrap(link, slab, at - len, packet.len + len)
  if (isPartial) packet.vnet.leaveChecksum(csumStart + len, csumOffset)
  else packet.vnet.clear()
}
