/*
 * Whether the virtio-net header before an IPv4 packet is true of it. Linux's are; a device of the user's own may say
 * anything, and everything behind here believes what it says.
 * 1. neither flag nor GSO type            → PASS: nearly every frame
 * 2. a checksum left to the device        it starts at the transport header or, of a packet inside, behind it; its field is there
 * 3. segments                             of a type that is known and of that protocol, with their headers there
 */
import { IpProtocol } from '../wire/ipv4.js'
import { TCP_CHECKSUM_AT, TCP_MIN_LEN } from '../wire/tcp.js'
import { UDP_CHECKSUM_AT, UDP_LEN } from '../wire/udp.js'
import { GsoType } from '../wire/virtio-net.js'
import { HEADROOM } from './frame.js'
import type { Packet } from './packet.js'
import { Verdict } from './verdict.js'

/** A tunnel's headers go before the packet, and csum_start, of 16 bits, counts them too. */
const LAST_CSUM_START = 0xffff - HEADROOM

/**
 * DROP_VIRTIO_MALFORMED if the header lies, else PASS. The IPv4 header has been parsed. A GSO frame that stands for no
 * more than one segment stands for itself from now on, so that each segment is smaller than its frame.
 */
export function checkVirtio(packet: Packet): Verdict {
  const { vnet } = packet
  if (vnet.isPlain) return Verdict.PASS
  if (packet.ip.isFragment || (vnet.isPartial && !isChecksumThere(packet))) return Verdict.DROP_VIRTIO_MALFORMED
  if (vnet.gsoType === GsoType.NONE) return Verdict.PASS
  if (vnet.gsoSize === 0 || !areSegmentsThere(packet)) return Verdict.DROP_VIRTIO_MALFORMED
  if (segmentHeadersLen(packet) + vnet.gsoSize >= packet.len) vnet.endGso()
  return Verdict.PASS
}

/** Of a GSO frame: octets from the Ethernet header to the payload, which each of its segments has. */
export function segmentHeadersLen(packet: Packet): number {
  const start = segmentTransport(packet)
  return start + (isTcp(packet.vnet.gsoType) ? tcpHeaderLen(packet, start) : UDP_LEN)
}

function isChecksumThere({ vnet, protocol, len, at, transportAt }: Packet): boolean {
  const { csumStart, csumOffset } = vnet
  const transport = transportAt - at
  if (csumStart < transport || csumStart > LAST_CSUM_START || csumStart + csumOffset + 2 > len) return false
  if (csumStart > transport) return true
  if (protocol === IpProtocol.TCP) return csumOffset === TCP_CHECKSUM_AT
  return protocol !== IpProtocol.UDP || csumOffset === UDP_CHECKSUM_AT
}

/** The segments' type is that of the protocol, or of one inside a tunnel, and their transport header is all there. */
function areSegmentsThere(packet: Packet): boolean {
  const { vnet, protocol, transportAt, at, len } = packet
  const { gsoType } = vnet
  const start = segmentTransport(packet)
  const isInside = start > transportAt - at
  if (isInside && !mayCarryPackets(protocol)) return false
  if (isTcp(gsoType)) {
    if (!isInside && (protocol !== IpProtocol.TCP || (gsoType & ~GsoType.ECN) !== GsoType.TCPV4)) return false
    if (start + TCP_MIN_LEN > len) return false
    const headerLen = tcpHeaderLen(packet, start)
    return headerLen >= TCP_MIN_LEN && start + headerLen <= len
  }
  if (gsoType !== GsoType.UDP_L4 && gsoType !== GsoType.UDP) return false
  return (isInside || protocol === IpProtocol.UDP) && start + UDP_LEN <= len
}

/** Where the transport header of the segments is, from the Ethernet header: in a tunnel behind the packet's own. */
function segmentTransport({ vnet, transportAt, at }: Packet): number {
  return vnet.isPartial ? vnet.csumStart : transportAt - at
}
function tcpHeaderLen({ tcp, slab, at }: Packet, start: number): number {
  return tcp.wrap(slab.view, at + start).headerLen
}
function isTcp(gsoType: number): boolean {
  const type = gsoType & ~GsoType.ECN
  return type === GsoType.TCPV4 || type === GsoType.TCPV6
}
function mayCarryPackets(protocol: number): boolean {
  return protocol !== IpProtocol.TCP && protocol !== IpProtocol.SCTP && protocol !== IpProtocol.ICMP
}
