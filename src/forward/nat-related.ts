/*
 * ICMP errors about a connection (ipvs-behaviour.md §6.6): outside, the address of the end that must not be seen is
 * replaced; so it is inside, with the port. Header checksums and the ICMP checksum follow; the embedded transport
 * checksum does not, as in the kernel (case icmp-error-from-rs-side).
 */
import type { ConnIndex } from '../conn/record.js'
import { CPORT_VPORT, DADDR, DPORT_PROTOCOL, VADDR } from '../conn/record.js'
import type { Embedded } from '../packet/embedded.js'
import type { Packet } from '../packet/packet.js'
import type { Ipv4Addr } from '../wire/addr.js'

export const natRelated = {
  /** To the real server, about its answer: everything that names the virtual service names the real server again. */
  inbound(packet: Packet, embedded: Embedded, words: Int32Array, conn: ConnIndex): void {
    const daddr = words[conn + DADDR]! as Ipv4Addr
    packet.ip.rewriteDstAddr(daddr)
    embedded.ip.rewriteSrcAddr(daddr)
    embedded.srcPort = words[conn + DPORT_PROTOCOL]! >>> 16
    packet.icmp.fillChecksum(packet.transportLen)
  },

  /** To the client, about its request: the real server, or a router near it, speaks as the virtual service. */
  outbound(packet: Packet, embedded: Embedded, words: Int32Array, conn: ConnIndex): void {
    const vaddr = words[conn + VADDR]! as Ipv4Addr
    packet.ip.rewriteSrcAddr(vaddr)
    embedded.ip.rewriteDstAddr(vaddr)
    embedded.dstPort = words[conn + CPORT_VPORT]! & 0xffff
    packet.icmp.fillChecksum(packet.transportLen)
  },
}
