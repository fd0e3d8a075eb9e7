/*
 * The director as a host: packets to its addresses that are not balanced (cases no-service, malformed, icmp-echo).
 * 0. the address is the kernel's beside us: LEFT_TO_KERNEL
 * 1. TCP   malformed or wrong checksum → DROP_TCP_MALFORMED, DROP_TRANSPORT_CHECKSUM; RST → DROP_RST_UNKNOWN; else answered by RST
 * 2. UDP   likewise       → DROP_UDP_MALFORMED, DROP_TRANSPORT_CHECKSUM; else port unreachable, REFUSED
 * 3. ICMP  echo answered; any other → CONSUMED, DROP_ICMP_MALFORMED, DROP_ICMP_CHECKSUM
 * 4. IGMP  CONSUMED; any other protocol: protocol unreachable, REFUSED
 */
import type { IcmpErrors } from '../../forward/icmp-error.js'
import type { IpIds } from '../../forward/ip-ids.js'
import type { OwnOutput } from '../../forward/own-output.js'
import type { Packet } from '../../packet/packet.js'
import { sentAs, Verdict } from '../../packet/verdict.js'
import { pseudoHeaderSum, sum16 } from '../../wire/checksum.js'
import { ETHERNET_LEN, EtherType } from '../../wire/ethernet.js'
import { ICMP_LEN, IcmpType, Unreachable } from '../../wire/icmp.js'
import { DF, ECN_BITS, IPV4_MIN_LEN, IpProtocol } from '../../wire/ipv4.js'
import { TCP_MIN_LEN, TcpFlag } from '../../wire/tcp.js'
import type { KernelSide } from './kernel-side.js'

const TTL = 64

export class Host {
  readonly #output: OwnOutput
  readonly #errors: IcmpErrors
  readonly #kernel: KernelSide
  readonly #ids: IpIds

  constructor(output: OwnOutput, errors: IcmpErrors, kernel: KernelSide, ids: IpIds) {
    this.#output = output
    this.#errors = errors
    this.#kernel = kernel
    this.#ids = ids
  }

  /** Takes a packet to one of our addresses. Its IPv4 header has been parsed; it is no fragment. */
  receive(packet: Packet, nowMs: number): Verdict {
    if (this.#kernel.holds(packet)) return this.#kernel.giveBack(packet)
    switch (packet.protocol) {
      case IpProtocol.TCP:
        return this.#tcp(packet)
      case IpProtocol.UDP:
        return this.#udp(packet, nowMs)
      case IpProtocol.ICMP:
        return this.#icmp(packet)
      case IpProtocol.IGMP:
        return Verdict.CONSUMED
      default:
        this.#errors.send(packet, IcmpType.UNREACHABLE, Unreachable.PROTOCOL, 0, packet.ip.dstAddr, nowMs)
        return Verdict.REFUSED
    }
  }

  #tcp(packet: Packet): Verdict {
    const { tcp } = packet
    tcp.wrap(packet.slab.view, packet.transportAt)
    if (!tcp.isValid(packet.transportLen)) return Verdict.DROP_TCP_MALFORMED
    if (!transportChecksumOk(packet, packet.transportLen)) return Verdict.DROP_TRANSPORT_CHECKSUM
    if (tcp.flags & TcpFlag.RST) return Verdict.DROP_RST_UNKNOWN
    return this.#reset(packet)
  }

  /**
   * Answers with a RST, written over the segment (RFC 9293 §3.5.2: its number is the segment's ACK, or it acknowledges
   * the segment).
   */
  #reset(packet: Packet): Verdict {
    const { ip, tcp, slab } = packet
    const { flags, srcPort, dstPort } = tcp
    const hasAck = (flags & TcpFlag.ACK) !== 0
    const seq = hasAck ? tcp.ack : 0
    const length = packet.transportLen - tcp.headerLen + (flags & TcpFlag.SYN ? 1 : 0) + (flags & TcpFlag.FIN ? 1 : 0)
    const ack = hasAck ? 0 : (tcp.seq + length) >>> 0
    const { srcAddr: peer, dstAddr: us, tos } = ip
    const hop = this.#output.route(peer)
    if (hop === undefined) return Verdict.DROP_NO_ROUTE
    packet.transportAt = packet.ipAt + IPV4_MIN_LEN
    packet.transportLen = TCP_MIN_LEN
    packet.ipLen = IPV4_MIN_LEN + TCP_MIN_LEN
    packet.len = ETHERNET_LEN + packet.ipLen
    packet.vnet.clear()
    // A reset is not ECN-capable (RFC 3168 §6.1.1).
    ip.build(IpProtocol.TCP, packet.ipLen)
      .withTos(tos & ~ECN_BITS)
      .withTtl(TTL)
      .withId(0, DF)
      .finish(us, peer)
    const resetFlags = hasAck ? TcpFlag.RST : TcpFlag.RST | TcpFlag.ACK
    tcp
      .wrap(slab.view, packet.transportAt)
      .build(dstPort, srcPort)
      .withNumbers(seq, ack)
      .withFlags(resetFlags)
      .finish(us, peer)
    return sentAs(Verdict.ANSWERED, this.#output.transmit(packet, hop))
  }

  #udp(packet: Packet, nowMs: number): Verdict {
    const { udp } = packet
    udp.wrap(packet.slab.view, packet.transportAt)
    if (!udp.isValid(packet.transportLen)) return Verdict.DROP_UDP_MALFORMED
    if (udp.checksum !== 0 && !transportChecksumOk(packet, udp.length)) return Verdict.DROP_TRANSPORT_CHECKSUM
    // The error does not quote octets behind the UDP datagram, as in Linux.
    packet.ipLen = packet.ip.headerLen + udp.length
    this.#errors.send(packet, IcmpType.UNREACHABLE, Unreachable.PORT, 0, packet.ip.dstAddr, nowMs)
    return Verdict.REFUSED
  }

  #icmp(packet: Packet): Verdict {
    const { icmp } = packet
    icmp.wrap(packet.slab.view, packet.transportAt)
    if (packet.transportLen < ICMP_LEN) return Verdict.DROP_ICMP_MALFORMED
    if (!icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
    return icmp.type === IcmpType.ECHO ? this.#echo(packet) : Verdict.CONSUMED
  }

  /** Turns the request into the reply, in place, with an IP header without options. */
  #echo(packet: Packet): Verdict {
    const { ip } = packet
    const { srcAddr: peer, dstAddr: us, tos } = ip
    const hop = this.#output.route(peer)
    if (hop === undefined) return Verdict.DROP_NO_ROUTE
    packet.icmp.makeEchoReply(packet.transportLen)
    const optionsLen = ip.headerLen - IPV4_MIN_LEN
    if (optionsLen > 0) {
      packet.wrap(packet.link, packet.slab, packet.at + optionsLen, packet.len - optionsLen)
      packet.eth.type = EtherType.IPV4
      packet.wrapIp()
      packet.ipLen -= optionsLen
    }
    packet.vnet.clear()
    ip.build(IpProtocol.ICMP, packet.ipLen).withTos(tos).withTtl(TTL).withId(this.#ids.next(), 0).finish(us, peer)
    return sentAs(Verdict.ANSWERED, this.#output.transmit(packet, hop))
  }
}

/** Whether the checksum over `len` octets of TCP or UDP is right, or the device vouches for it. */
function transportChecksumOk(packet: Packet, len: number): boolean {
  if (packet.vnet.isTrusted) return true
  const pseudo = pseudoHeaderSum(packet.ip.srcAddr, packet.ip.dstAddr, packet.protocol, len)
  return sum16(packet.slab.view, packet.transportAt, len, pseudo) === 0xffff
}
