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
  /** Makes a client's packet one to the real server. */
  inbound(packet: Packet, conn: ConnIndex): void
  /** As `inbound`, an ICMP error about an answer of the real server's; `embedded` is what the error quotes. */
  relatedInbound(packet: Packet, embedded: Embedded, conn: ConnIndex): void
  /** Makes a real server's packet the virtual service's. */
  outbound(packet: Packet, conn: ConnIndex): void
  /** As `outbound`, an ICMP error about a client's packet. */
  relatedOutbound(packet: Packet, embedded: Embedded, conn: ConnIndex): void

  /** Octets that every inbound packet grows by when it is sent. */
  overhead(conn: ConnIndex): number
  /** Octets that an inbound segment grows by only where there is room: the MTU that its client is told leaves them free. */
  growth(conn: ConnIndex): number
  /** Whether an inbound packet with DF that is too large for the way to the real server is refused. */
  readonly refusesLarge: boolean
  /** Sends an inbound packet, or error, that is one to the real server. Returns SENT, HELD or a drop. */
  send(packet: Packet, conn: ConnIndex, hop: Hop): Verdict
}
