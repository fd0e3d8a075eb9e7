/*
 * NAT, `-m`. inbound: caddr → vaddr becomes caddr → daddr; outbound: daddr → caddr becomes vaddr → caddr; ports alike.
 * Checksums are mended, not made anew: a wrong one stays wrong (ipvs-behaviour.md §7.1, case bad-checksums). Where the
 * frame carries a partial checksum, the pseudo-header sum in its field is mended instead.
 *
 * ICMP errors (ipvs-behaviour.md §6.6): the hidden end's address is replaced in the outer header and, with its port, in the
 * quoted packet. Header checksums and the ICMP checksum are mended; the quoted transport checksum is not, as in the kernel
 * (case icmp-error-from-rs-side).
 */
import type { ConnIndex } from '../conn/record.js'
import * as fromRecord from '../conn/record.js'
import type { Embedded } from '../packet/embedded.js'
import type { Packet } from '../packet/packet.js'
import type { Verdict } from '../packet/verdict.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import * as fromSctp from '../wire/sctp.js'
import * as fromTcp from '../wire/tcp.js'
import type { Forwarder } from './forwarder.js'
import type { Hop } from './hop.js'
import type { Transmitter } from './output.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { SCTP, TCP } = IpProtocol
const { CPORT_VPORT, DADDR, DPORT_PROTOCOL, VADDR } = fromRecord
const { SCTP_MIN_LEN } = fromSctp
const { TCP_MIN_LEN } = fromTcp

export class Nat implements Forwarder {
  readonly refusesLarge = true
  readonly #words: Int32Array
  readonly #output: Transmitter

  /** `words`: the connections' records. */
  constructor(words: Int32Array, output: Transmitter) {
    this.#words = words
    this.#output = output
  }

  inbound(packet: Packet, conn: ConnIndex): void {
    const words = this.#words
    const { ip, tcp, udp, sctp } = packet
    const to = words[conn + DADDR]! as Ipv4Addr
    const port = words[conn + DPORT_PROTOCOL]! >>> 16
    const from = ip.dstAddr
    const partial = isPartial(packet)
    if (packet.protocol === SCTP) sctp.rewriteDstPort(port, packet.transportLen)
    else if (packet.protocol === TCP) {
      if (partial) tcp.rewriteDstPartial(from, to, port)
      else tcp.rewriteDst(from, to, port)
    } else if (partial) udp.rewriteDstPartial(from, to, port)
    else udp.rewriteDst(from, to, port, ip.srcAddr, packet.transportLen)
    ip.rewriteDstAddr(to)
    if (packet.largestPiece !== 0) pullHeader(packet)
  }

  /** To the real server, about its answer: the virtual service's address and port become the real server's again. */
  relatedInbound(packet: Packet, embedded: Embedded, conn: ConnIndex): void {
    const daddr = this.#words[conn + DADDR]! as Ipv4Addr
    packet.ip.rewriteDstAddr(daddr)
    embedded.ip.rewriteSrcAddr(daddr)
    embedded.srcPort = this.#words[conn + DPORT_PROTOCOL]! >>> 16
    packet.icmp.fillChecksum(packet.transportLen)
  }

  outbound(packet: Packet, conn: ConnIndex): void {
    const words = this.#words
    const { ip, tcp, udp, sctp } = packet
    const to = words[conn + VADDR]! as Ipv4Addr
    const port = words[conn + CPORT_VPORT]! & 0xffff
    const from = ip.srcAddr
    const partial = isPartial(packet)
    if (packet.protocol === SCTP) sctp.rewriteSrcPort(port, packet.transportLen)
    else if (packet.protocol === TCP) {
      if (partial) tcp.rewriteSrcPartial(from, to, port)
      else tcp.rewriteSrc(from, to, port)
    } else if (partial) udp.rewriteSrcPartial(from, to, port)
    else udp.rewriteSrc(from, to, port, ip.dstAddr, packet.transportLen)
    ip.rewriteSrcAddr(to)
    if (packet.largestPiece !== 0) pullHeader(packet)
  }

  /** To the client, about its request. The error comes from the real server or a router near it; its source becomes the VIP. */
  relatedOutbound(packet: Packet, embedded: Embedded, conn: ConnIndex): void {
    const vaddr = this.#words[conn + VADDR]! as Ipv4Addr
    packet.ip.rewriteSrcAddr(vaddr)
    embedded.ip.rewriteDstAddr(vaddr)
    embedded.dstPort = this.#words[conn + CPORT_VPORT]! & 0xffff
    packet.icmp.fillChecksum(packet.transportLen)
  }

  overhead(): number {
    return 0
  }
  growth(): number {
    return 0
  }
  send(packet: Packet, _conn: ConnIndex, hop: Hop): Verdict {
    return this.#output.transmit(packet, hop)
  }
}

/** Whether the frame has a partial checksum, and it is this transport header's, not one's inside a tunnel. */
export function isPartial(packet: Packet): boolean {
  return packet.vnet.isPartial && packet.vnet.csumStart === packet.transportAt - packet.at
}

/**
 * The kernel needs a header that it changes in one buffer. To a first fragment of 8 or 16 octets it moves the missing octets
 * from the next one, so that it no longer ends after a multiple of 8 octets (case fragments-nat-tcp-short).
 */
function pullHeader(packet: Packet): void {
  let len = 0
  if (packet.protocol === TCP) len = TCP_MIN_LEN
  else if (packet.protocol === SCTP) len = SCTP_MIN_LEN
  packet.firstPieceLen = Math.max(packet.firstPieceLen, len)
}
