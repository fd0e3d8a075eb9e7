import type { ConnIndex } from '../conn/record.js'
import { CPORT_VPORT, DADDR, DPORT_PROTOCOL, VADDR } from '../conn/record.js'
import type { Packet } from '../packet/packet.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import { SCTP_MIN_LEN } from '../wire/sctp.js'
import { TCP_MIN_LEN } from '../wire/tcp.js'

/**
 * NAT, `-m`. inbound: caddr → vaddr becomes caddr → daddr; outbound: daddr → caddr becomes vaddr → caddr; ports alike.
 * Checksums are mended, not made anew: a wrong one stays wrong (ipvs-behaviour.md §7.1, case bad-checksums). Where the
 * frame carries a partial checksum, the pseudo-header sum in its field is mended instead.
 */
export const nat = {
  inbound(packet: Packet, words: Int32Array, conn: ConnIndex): void {
    const { ip, tcp, udp, sctp } = packet
    const to = words[conn + DADDR]! as Ipv4Addr
    const port = words[conn + DPORT_PROTOCOL]! >>> 16
    const from = ip.dstAddr
    const partial = isPartial(packet)
    if (packet.protocol === IpProtocol.SCTP) sctp.rewriteDstPort(port, packet.transportLen)
    else if (packet.protocol === IpProtocol.TCP) {
      if (partial) tcp.rewriteDstPartial(from, to, port)
      else tcp.rewriteDst(from, to, port)
    } else if (partial) udp.rewriteDstPartial(from, to, port)
    else udp.rewriteDst(from, to, port, ip.srcAddr, packet.transportLen)
    ip.rewriteDstAddr(to)
    if (packet.largestPiece !== 0) pullHeader(packet)
  },

  outbound(packet: Packet, words: Int32Array, conn: ConnIndex): void {
    const { ip, tcp, udp, sctp } = packet
    const to = words[conn + VADDR]! as Ipv4Addr
    const port = words[conn + CPORT_VPORT]! & 0xffff
    const from = ip.srcAddr
    const partial = isPartial(packet)
    if (packet.protocol === IpProtocol.SCTP) sctp.rewriteSrcPort(port, packet.transportLen)
    else if (packet.protocol === IpProtocol.TCP) {
      if (partial) tcp.rewriteSrcPartial(from, to, port)
      else tcp.rewriteSrc(from, to, port)
    } else if (partial) udp.rewriteSrcPartial(from, to, port)
    else udp.rewriteSrc(from, to, port, ip.dstAddr, packet.transportLen)
    ip.rewriteSrcAddr(to)
    if (packet.largestPiece !== 0) pullHeader(packet)
  },
}

/** The frame's partial checksum is that of this transport header, not of one inside it. */
export function isPartial(packet: Packet): boolean {
  return packet.vnet.isPartial && packet.vnet.csumStart === packet.transportAt - packet.at
}

/**
 * The kernel wants a header that it changes in one buffer: what a first piece of 8 or 16 octets lacks of it is taken from the
 * next one, so that it no longer ends after whole 8 octets (case fragments-nat-tcp-short).
 */
function pullHeader(packet: Packet): void {
  let len = 0
  if (packet.protocol === IpProtocol.TCP) len = TCP_MIN_LEN
  else if (packet.protocol === IpProtocol.SCTP) len = SCTP_MIN_LEN
  packet.firstPieceLen = Math.max(packet.firstPieceLen, len)
}
