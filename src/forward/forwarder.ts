import type { ConnIndex } from '../conn/record.js'
import type { Embedded } from '../packet/embedded.js'
import type { Packet } from '../packet/packet.js'
import type { Verdict } from '../packet/verdict.js'
import type { Hop } from './hop.js'

/**
 * What a forwarding method does to the packets of its connections: one of these for each Method (forwarders.ts). Inbound
 * packets have been routed, and their TTL lowered.
 */
export interface Forwarder {
  /** Addresses a client's packet to the real server. */
  inbound(packet: Packet, conn: ConnIndex): void
  /** The same for an ICMP error about a real server's answer. `embedded` is the packet that the error quotes. */
  relatedInbound(packet: Packet, embedded: Embedded, conn: ConnIndex): void
  /** Gives a real server's packet the virtual service's source. */
  outbound(packet: Packet, conn: ConnIndex): void
  /** The same for an ICMP error about a client's packet. */
  relatedOutbound(packet: Packet, embedded: Embedded, conn: ConnIndex): void

  /** Octets that every inbound packet grows by. */
  overhead(conn: ConnIndex): number
  /** Octets that an inbound segment grows by where there is room. The MTU that the client is told is less by them. */
  growth(conn: ConnIndex): number
  /** Whether an inbound packet with DF is refused when it is too large for the way to the real server. */
  readonly refusesLarge: boolean
  /** Sends an inbound packet or ICMP error that is addressed to the real server. Returns SENT, HELD or a drop. */
  send(packet: Packet, conn: ConnIndex, hop: Hop): Verdict
}
