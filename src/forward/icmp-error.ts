/*
 * Turns a packet into an ICMP error about it, in place: 28 octets of headers go into the headroom.
 * 1. is an error allowed?        not about errors, later fragments, group frames (RFC 1122 §3.2.2)
 * 2. within the limit?           forward/icmp-limit
 * 3. headers; at most 576 octets in all (RFC 1812 §4.3.2.3)
 * 4. sent to the packet's source
 */
import type { Routes } from '../neigh/routes.js'
import type { Packet } from '../packet/packet.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { ETHERNET_LEN, EtherType } from '../wire/ethernet.js'
import { ICMP_LEN, isIcmpError } from '../wire/icmp.js'
import { IPV4_MIN_LEN, IpProtocol } from '../wire/ipv4.js'
import type { IcmpLimit } from './icmp-limit.js'
import type { IpIds } from './ip-ids.js'
import type { OwnOutput } from './own-output.js'

const MOST_OCTETS = 576
const HEADERS = IPV4_MIN_LEN + ICMP_LEN
const TTL = 64
/** Precedence "internetwork control" (RFC 1812 §4.3.2.5); the delay, throughput and reliability bits are the packet's. */
const INTERNETWORK_CONTROL = 0xc0
const TOS_BITS = 0x1e

export class IcmpErrors {
  readonly #routes: Routes
  readonly #output: OwnOutput
  readonly #limit: IcmpLimit
  readonly #ids: IpIds
  sent = 0
  limited = 0

  constructor(routes: Routes, output: OwnOutput, limit: IcmpLimit, ids: IpIds) {
    this.#routes = routes
    this.#output = output
    this.#limit = limit
    this.#ids = ids
  }

  /**
   * Sends an error about the packet to its source. `from` is one of our addresses; undefined: that of the interface which
   * the error leaves by. `rest` is the second word of the ICMP header. Overwrites the packet and counts the error's verdict;
   * the caller gives the packet its own verdict.
   */
  send(packet: Packet, type: number, code: number, rest: number, from: Ipv4Addr | undefined, nowMs: number): void {
    const to = packet.ip.srcAddr
    if (!mayCauseError(packet) || to === 0) return
    const hop = this.#output.route(to)
    if (hop === undefined) return
    if (!this.#limit.allows(to, type, code, nowMs)) {
      this.limited++
      return
    }
    this.#make(packet, type, code, rest, from ?? this.#routes.sourceFor(hop.link, to), hop.mtu)
    this.#output.transmit(packet, hop)
  }
  /**
   * Turns a packet from one of our addresses into an error about it, which the caller sends. Returns false if none is
   * allowed.
   */
  makeForUs(packet: Packet, type: number, code: number, rest: number): boolean {
    if (!mayCauseError(packet)) return false
    this.#make(packet, type, code, rest, packet.ip.srcAddr, MOST_OCTETS)
    packet.largestPiece = 0
    return true
  }

  #make(packet: Packet, type: number, code: number, rest: number, source: Ipv4Addr, mtu: number): void {
    const { ip } = packet
    const to = ip.srcAddr
    const tos = (ip.tos & TOS_BITS) | INTERNETWORK_CONTROL
    const quoted = Math.min(packet.ipLen, Math.min(MOST_OCTETS, mtu) - HEADERS)
    packet.wrap(packet.link, packet.slab, packet.at - HEADERS, ETHERNET_LEN + HEADERS + quoted)
    packet.vnet.clear()
    packet.eth.type = EtherType.IPV4
    packet.wrapIp()
    packet.ipLen = HEADERS + quoted
    packet.protocol = IpProtocol.ICMP
    packet.transportAt = packet.ipAt + IPV4_MIN_LEN
    packet.transportLen = ICMP_LEN + quoted
    ip.build(IpProtocol.ICMP, packet.ipLen).withTos(tos).withTtl(TTL).withId(this.#ids.next(), 0).finish(source, to)
    packet.icmp.wrap(packet.slab.view, packet.transportAt).build(type, code, rest, packet.transportLen)
    this.sent++
  }
}

function mayCauseError(packet: Packet): boolean {
  if (packet.eth.isGroup || packet.ip.fragmentOffset !== 0) return false
  if (packet.protocol !== IpProtocol.ICMP) return true
  return packet.transportLen >= 1 && !isIcmpError(packet.slab.view.getUint8(packet.transportAt))
}
