/*
 * FULLNAT, `-b`. inbound: caddr → vaddr becomes laddr → daddr; outbound: daddr → laddr becomes vaddr → caddr; ports alike.
 * Checksums as with NAT (nat.ts). Real servers learn the client's address as address-hand-over.ts says.
 *
 * ICMP errors: as with NAT, but both addresses differ on the two sides. Behind a PROXY header the quoted sequence number
 * differs too and is rewritten: the client matches the error by it.
 */
import type { Connections } from '../conn/connections.js'
import * as fromFullnatKeys from '../conn/fullnat-keys.js'
import { keyAt } from '../conn/fullnat-keys.js'
import * as fromRecord from '../conn/record.js'
import type { ConnIndex } from '../conn/record.js'
import type { Embedded } from '../packet/embedded.js'
import type { Packet } from '../packet/packet.js'
import type { Verdict } from '../packet/verdict.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { IcmpType, Unreachable } from '../wire/icmp.js'
import * as fromIpv4 from '../wire/ipv4.js'
import { IpProtocol } from '../wire/ipv4.js'
import type { AddressHandOver } from './address-hand-over.js'
import type { Forwarder } from './forwarder.js'
import type { Hop } from './hop.js'
import { isPartial } from './nat.js'
import type { Transmitter } from './output.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { SCTP, TCP } = IpProtocol
const { LADDR, LPORT } = fromFullnatKeys
const { CADDR, CPORT_VPORT, DADDR, DPORT_PROTOCOL, VADDR } = fromRecord
const { IPV4_LEAST_MTU } = fromIpv4

export class Fullnat implements Forwarder {
  readonly refusesLarge = true
  readonly #conns: Connections
  readonly #output: Transmitter
  readonly #handOver: AddressHandOver

  constructor(conns: Connections, output: Transmitter, handOver: AddressHandOver) {
    this.#conns = conns
    this.#output = output
    this.#handOver = handOver
  }

  inbound(packet: Packet, conn: ConnIndex): void {
    const { table, fullnatKeys } = this.#conns
    const at = keyAt(conn)
    const laddr = fullnatKeys.words[at + LADDR]! as Ipv4Addr
    const daddr = table.words[conn + DADDR]! as Ipv4Addr
    rewrite(packet, laddr, fullnatKeys.words[at + LPORT]!, daddr, table.words[conn + DPORT_PROTOCOL]! >>> 16)
  }

  /**
   * To the real server, about its answer. The error comes from the client or a router near it; its source becomes the
   * local address.
   */
  relatedInbound(packet: Packet, embedded: Embedded, conn: ConnIndex): void {
    const { table, fullnatKeys } = this.#conns
    const at = keyAt(conn)
    const laddr = fullnatKeys.words[at + LADDR]! as Ipv4Addr
    const daddr = table.words[conn + DADDR]! as Ipv4Addr
    packet.ip.rewriteSrcAddr(laddr)
    packet.ip.rewriteDstAddr(daddr)
    embedded.ip.rewriteSrcAddr(daddr)
    embedded.ip.rewriteDstAddr(laddr)
    embedded.srcPort = table.words[conn + DPORT_PROTOCOL]! >>> 16
    embedded.dstPort = fullnatKeys.words[at + LPORT]!
    packet.icmp.fillChecksum(packet.transportLen)
  }

  outbound(packet: Packet, conn: ConnIndex): void {
    // Only packets to the local side. One that the host sent as the virtual service is addressed to the client already.
    if (packet.ip.dstAddr !== this.#laddr(conn)) return
    const { words } = this.#conns.table
    const vaddr = words[conn + VADDR]! as Ipv4Addr
    const caddr = words[conn + CADDR]! as Ipv4Addr
    const ports = words[conn + CPORT_VPORT]!
    rewrite(packet, vaddr, ports & 0xffff, caddr, ports >>> 16)
    if (packet.protocol === TCP) this.#handOver.outbound(packet, conn)
  }

  /** To the client, about its request. The error comes from the real server or a router near it; its source becomes the VIP. */
  relatedOutbound(packet: Packet, embedded: Embedded, conn: ConnIndex): void {
    if (embedded.ip.srcAddr !== this.#laddr(conn)) return
    const { words } = this.#conns.table
    const vaddr = words[conn + VADDR]! as Ipv4Addr
    const caddr = words[conn + CADDR]! as Ipv4Addr
    const ports = words[conn + CPORT_VPORT]!
    packet.ip.rewriteSrcAddr(vaddr)
    packet.ip.rewriteDstAddr(caddr)
    embedded.ip.rewriteSrcAddr(caddr)
    embedded.ip.rewriteDstAddr(vaddr)
    embedded.srcPort = ports >>> 16
    embedded.dstPort = ports & 0xffff
    if (embedded.ip.protocol === TCP) {
      if (embedded.hasSeq) embedded.seq = this.#handOver.clientSeq(conn, embedded.seq)
      makeRoom(packet, this.#handOver.growth(conn))
    }
    packet.icmp.fillChecksum(packet.transportLen)
  }

  overhead(): number {
    return 0
  }
  growth(conn: ConnIndex): number {
    return this.#handOver.growth(conn)
  }
  send(packet: Packet, conn: ConnIndex, hop: Hop): Verdict {
    if (packet.protocol === TCP) return this.#handOver.inbound(packet, conn, hop)
    return this.#output.transmit(packet, hop)
  }

  #laddr(conn: ConnIndex): Ipv4Addr {
    return this.#conns.fullnatKeys.words[keyAt(conn) + LADDR]! as Ipv4Addr
  }
}

function rewrite(packet: Packet, src: Ipv4Addr, srcPort: number, dst: Ipv4Addr, dstPort: number): void {
  const { ip, tcp, udp, sctp, transportLen } = packet
  const fromSrc = ip.srcAddr
  const fromDst = ip.dstAddr
  if (packet.protocol === SCTP) sctp.rewritePorts(srcPort, dstPort, transportLen)
  else {
    const partial = isPartial(packet)
    if (packet.protocol === TCP) {
      if (partial) {
        tcp.rewriteSrcPartial(fromSrc, src, srcPort)
        tcp.rewriteDstPartial(fromDst, dst, dstPort)
      } else {
        tcp.rewriteSrc(fromSrc, src, srcPort)
        tcp.rewriteDst(fromDst, dst, dstPort)
      }
    } else if (partial) {
      udp.rewriteSrcPartial(fromSrc, src, srcPort)
      udp.rewriteDstPartial(fromDst, dst, dstPort)
    } else {
      udp.rewriteSrc(fromSrc, src, srcPort, fromDst, transportLen)
      udp.rewriteDst(fromDst, dst, dstPort, src, transportLen)
    }
  }
  ip.rewriteSrcAddr(src)
  ip.rewriteDstAddr(dst)
}

/** Lowers the MTU that the client is told by the octets that its segments grow by, if the result is a possible MTU. */
function makeRoom({ icmp }: Packet, growth: number): void {
  if (growth === 0 || icmp.type !== IcmpType.UNREACHABLE || icmp.code !== Unreachable.FRAGMENTATION_NEEDED) return
  const { rest } = icmp
  if ((rest & 0xffff) >= IPV4_LEAST_MTU + growth) icmp.rest = rest - growth
}
