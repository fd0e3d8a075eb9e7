/*
 * ICMP errors about FULLNAT connections: as NAT's (nat-related.ts), but both ends are others on either side, and so is
 * the sequence number where a PROXY header was put in, by which the client knows what the error is about.
 */
import { LADDR, keyAt, LPORT } from '../conn/fullnat-keys.js'
import { CADDR, CPORT_VPORT, DADDR, DPORT_PROTOCOL, VADDR, type ConnIndex } from '../conn/record.js'
import type { Connections } from '../conn/connections.js'
import type { Embedded } from '../packet/embedded.js'
import type { Packet } from '../packet/packet.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { IcmpType, Unreachable } from '../wire/icmp.js'
import { IPV4_LEAST_MTU, IpProtocol } from '../wire/ipv4.js'
import type { AddressHandOver } from './address-hand-over.js'

export const fullnatRelated = {
  /** To the real server, about its answer: the client, or a router near it, speaks as the local address. */
  inbound(packet: Packet, embedded: Embedded, { table, fullnatKeys }: Connections, conn: ConnIndex): void {
    const { words } = table
    const at = keyAt(conn)
    const laddr = fullnatKeys.words[at + LADDR]! as Ipv4Addr
    const daddr = words[conn + DADDR]! as Ipv4Addr
    packet.ip.rewriteSrcAddr(laddr)
    packet.ip.rewriteDstAddr(daddr)
    embedded.ip.rewriteSrcAddr(daddr)
    embedded.ip.rewriteDstAddr(laddr)
    embedded.srcPort = words[conn + DPORT_PROTOCOL]! >>> 16
    embedded.dstPort = fullnatKeys.words[at + LPORT]!
    packet.icmp.fillChecksum(packet.transportLen)
  },

  /** To the client, about its request: the real server, or a router near it, speaks as the virtual service. */
  outbound(
    packet: Packet,
    embedded: Embedded,
    { table }: Connections,
    conn: ConnIndex,
    handOver: AddressHandOver,
  ): void {
    const { words } = table
    const vaddr = words[conn + VADDR]! as Ipv4Addr
    const caddr = words[conn + CADDR]! as Ipv4Addr
    const ports = words[conn + CPORT_VPORT]!
    packet.ip.rewriteSrcAddr(vaddr)
    packet.ip.rewriteDstAddr(caddr)
    embedded.ip.rewriteSrcAddr(caddr)
    embedded.ip.rewriteDstAddr(vaddr)
    embedded.srcPort = ports >>> 16
    embedded.dstPort = ports & 0xffff
    if (embedded.ip.protocol === IpProtocol.TCP) {
      if (embedded.hasSeq) embedded.seq = handOver.clientSeq(conn, embedded.seq)
      makeRoom(packet, handOver.growth(conn))
    }
    packet.icmp.fillChecksum(packet.transportLen)
  },
}

/** The MTU that the client is told is less by what its segments grow, unless too little were left. */
function makeRoom({ icmp }: Packet, growth: number): void {
  if (growth === 0 || icmp.type !== IcmpType.UNREACHABLE || icmp.code !== Unreachable.FRAGMENTATION_NEEDED) return
  const { rest } = icmp
  if ((rest & 0xffff) >= IPV4_LEAST_MTU + growth) icmp.rest = rest - growth
}
