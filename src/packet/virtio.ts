/*
 * Checks the virtio-net header against the IPv4 packet behind it. Linux's headers are right; a user's own device may write
 * anything, and all later steps trust the header.
 * 1. neither flag nor GSO type            → PASS: nearly every frame
 * 2. a checksum left to the device        starts at the transport header, or behind it for a tunnelled packet; its field is there
 * 3. segments                             of a known type that suits the protocol; their headers are there
 */
import { IpProtocol } from '../wire/ipv4.js'
import * as fromTcp from '../wire/tcp.js'
import * as fromUdp from '../wire/udp.js'
import { GsoType } from '../wire/virtio-net.js'
import { HEADROOM } from './frame.js'
import type { Packet } from './packet.js'
import { Verdict } from './verdict.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { ICMP, SCTP, TCP, UDP } = IpProtocol
const { ECN, NONE, TCPV4, TCPV6, UDP_L4 } = GsoType
const { DROP_VIRTIO_MALFORMED, PASS } = Verdict
const { TCP_CHECKSUM_AT, TCP_MIN_LEN } = fromTcp
const { UDP_CHECKSUM_AT, UDP_LEN } = fromUdp

/** csum_start has 16 bits and grows by a tunnel's headers when they are put before the packet. */
const LAST_CSUM_START = 0xffff - HEADROOM

/**
 * Returns DROP_VIRTIO_MALFORMED or PASS. Call it after `parseIpv4Header`. A GSO frame of a single segment becomes a plain
 * frame, so that later steps may assume that a segment is smaller than its frame.
 */
export function checkVirtio(packet: Packet): Verdict {
  const { vnet } = packet
  if (vnet.isPlain) return PASS
  if (packet.ip.isFragment || (vnet.isPartial && !isChecksumThere(packet))) return DROP_VIRTIO_MALFORMED
  if (vnet.gsoType === NONE) return PASS
  if (vnet.gsoSize === 0 || !areSegmentsThere(packet)) return DROP_VIRTIO_MALFORMED
  if (segmentHeadersLen(packet) + vnet.gsoSize >= packet.len) vnet.endGso()
  return PASS
}

/** Octets from the Ethernet header to the payload of a GSO frame: the headers of each of its segments. */
export function segmentHeadersLen(packet: Packet): number {
  const start = segmentTransport(packet)
  return start + (isTcp(packet.vnet.gsoType) ? tcpHeaderLen(packet, start) : UDP_LEN)
}

function isChecksumThere({ vnet, protocol, len, at, transportAt }: Packet): boolean {
  const { csumStart, csumOffset } = vnet
  const transport = transportAt - at
  if (csumStart < transport || csumStart > LAST_CSUM_START || csumStart + csumOffset + 2 > len) return false
  if (csumStart > transport) return true
  if (protocol === TCP) return csumOffset === TCP_CHECKSUM_AT
  return protocol !== UDP || csumOffset === UDP_CHECKSUM_AT
}

/** Whether the GSO type suits the protocol, or may suit one inside a tunnel, and the segments' transport header is whole. */
function areSegmentsThere(packet: Packet): boolean {
  const { vnet, protocol, transportAt, at, len } = packet
  const { gsoType } = vnet
  const start = segmentTransport(packet)
  const isInside = start > transportAt - at
  if (isInside && !mayCarryPackets(protocol)) return false
  if (isTcp(gsoType)) {
    if (!isInside && (protocol !== TCP || (gsoType & ~ECN) !== TCPV4)) return false
    if (start + TCP_MIN_LEN > len) return false
    const headerLen = tcpHeaderLen(packet, start)
    return headerLen >= TCP_MIN_LEN && start + headerLen <= len
  }
  if (gsoType !== UDP_L4 && gsoType !== GsoType.UDP) return false
  return (isInside || protocol === UDP) && start + UDP_LEN <= len
}

/** Octets from the Ethernet header to the segments' transport header: csum_start if it is set, which may lie in a tunnel. */
function segmentTransport({ vnet, transportAt, at }: Packet): number {
  return vnet.isPartial ? vnet.csumStart : transportAt - at
}
function tcpHeaderLen({ tcp, slab, at }: Packet, start: number): number {
  return tcp.wrap(slab.view, at + start).headerLen
}
function isTcp(gsoType: number): boolean {
  const type = gsoType & ~ECN
  return type === TCPV4 || type === TCPV6
}
function mayCarryPackets(protocol: number): boolean {
  return protocol !== TCP && protocol !== SCTP && protocol !== ICMP
}
