import type { ConnIndex } from '../conn/record.js'
import { CADDR, CPORT_VPORT, DADDR, DPORT_PROTOCOL, VADDR } from '../conn/record.js'
import { LADDR, keyAt, LPORT } from '../conn/fullnat-keys.js'
import type { Packet } from '../packet/packet.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import { isPartial } from './nat.js'

/**
 * FULLNAT, `-b`. inbound: caddr → vaddr becomes laddr → daddr; outbound: daddr → laddr becomes vaddr → caddr; ports
 * alike. Checksums as with NAT (nat.ts). `words` are the records, `local` the local words.
 */
export const fullnat = {
  inbound(packet: Packet, words: Int32Array, keyWords: Int32Array, conn: ConnIndex): void {
    const at = keyAt(conn)
    const laddr = keyWords[at + LADDR]! as Ipv4Addr
    const daddr = words[conn + DADDR]! as Ipv4Addr
    rewrite(packet, laddr, keyWords[at + LPORT]!, daddr, words[conn + DPORT_PROTOCOL]! >>> 16)
  },

  outbound(packet: Packet, words: Int32Array, conn: ConnIndex): void {
    const vaddr = words[conn + VADDR]! as Ipv4Addr
    const caddr = words[conn + CADDR]! as Ipv4Addr
    const ports = words[conn + CPORT_VPORT]!
    rewrite(packet, vaddr, ports & 0xffff, caddr, ports >>> 16)
  },
}

function rewrite(packet: Packet, src: Ipv4Addr, srcPort: number, dst: Ipv4Addr, dstPort: number): void {
  const { ip, tcp, udp, sctp, transportLen } = packet
  const fromSrc = ip.srcAddr
  const fromDst = ip.dstAddr
  if (packet.protocol === IpProtocol.SCTP) sctp.rewritePorts(srcPort, dstPort, transportLen)
  else {
    const partial = isPartial(packet)
    if (packet.protocol === IpProtocol.TCP) {
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
