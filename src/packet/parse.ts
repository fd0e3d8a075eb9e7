/*
 * 1. Ethernet: long enough, for us   → DROP_ETHERNET_SHORT, DROP_NOT_OURS
 * 2. IPv4: whole, trustworthy        → DROP_IP_MALFORMED, DROP_IP_CHECKSUM
 * 3. Ethernet padding is cut off; the transport header is found
 * 4. TCP, UDP, SCTP: header there    → DROP_TCP_MALFORMED, DROP_UDP_MALFORMED, DROP_SCTP_MALFORMED
 */
import * as fromEthernet from '../wire/ethernet.js'
import { IpProtocol } from '../wire/ipv4.js'
import * as fromSctp from '../wire/sctp.js'
import * as fromTcp from '../wire/tcp.js'
import * as fromUdp from '../wire/udp.js'
import type { Packet } from './packet.js'
import type { MacAddr } from '../wire/addr.js'
import { sctpEvent } from './sctp-event.js'
import { Verdict } from './verdict.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { SCTP, TCP, UDP } = IpProtocol
const {
  DROP_ETHERNET_SHORT,
  DROP_IP_CHECKSUM,
  DROP_IP_MALFORMED,
  DROP_NOT_OURS,
  DROP_SCTP_MALFORMED,
  DROP_TCP_MALFORMED,
  DROP_UDP_MALFORMED,
  PASS,
} = Verdict
const { ETHERNET_LEN } = fromEthernet
const { SCTP_CHUNK_LEN } = fromSctp
const { TCP_MIN_LEN } = fromTcp
const { UDP_LEN } = fromUdp

/** Checks that the Ethernet header is whole, and to our MAC, broadcast or multicast. Changes nothing. */
export function parseEthernet(packet: Packet, mac: MacAddr): Verdict {
  if (packet.len < ETHERNET_LEN) return DROP_ETHERNET_SHORT
  return packet.eth.isTo(mac) || packet.eth.isGroup ? PASS : DROP_NOT_OURS
}

/** Checks the IPv4 header against the octets received, cuts off padding, finds the transport header. */
export function parseIpv4Header(packet: Packet): Verdict {
  packet.wrapIp()
  const ip = packet.ip
  if (!ip.isValid(packet.len - ETHERNET_LEN)) return DROP_IP_MALFORMED
  if (!ip.checksumOk) return DROP_IP_CHECKSUM
  const headerLen = ip.headerLen
  packet.ipLen = ip.totalLen
  packet.largestPiece = 0
  packet.len = ETHERNET_LEN + packet.ipLen
  packet.transportAt = packet.ipAt + headerLen
  packet.transportLen = packet.ipLen - headerLen
  packet.protocol = ip.protocol
  return PASS
}

/** Protocols that are balanced. */
export function isBalanced(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP
}

/**
 * Points the transport view and reads the ports and `signal`. Requires 20 octets of TCP, 8 of UDP, 16 of SCTP and checks
 * nothing else, like IPVS (ipvs-behaviour.md §4.4). Only for balanced protocols.
 */
export function parseTransport(packet: Packet): Verdict {
  const { view } = packet.slab
  const { transportAt: at, transportLen: len } = packet
  if (packet.protocol === TCP) {
    if (len < TCP_MIN_LEN) return DROP_TCP_MALFORMED
    packet.signal = packet.tcp.wrap(view, at).flags
  } else if (packet.protocol === UDP) {
    if (len < UDP_LEN) return DROP_UDP_MALFORMED
    packet.udp.wrap(view, at)
    packet.signal = 0
  } else {
    if (len < SCTP_CHUNK_LEN) return DROP_SCTP_MALFORMED
    packet.signal = sctpEvent(packet.sctp.wrap(view, at), len)
  }
  packet.srcPort = view.getUint16(at)
  packet.dstPort = view.getUint16(at + 2)
  return PASS
}
