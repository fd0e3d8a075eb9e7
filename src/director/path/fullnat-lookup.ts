import type { Connections } from '../../conn/connections.js'
import type { ConnIndex } from '../../conn/record.js'
import type { Embedded } from '../../packet/embedded.js'
import type { Packet } from '../../packet/packet.js'
import { countOutbound, type Parts } from './parts.js'

/** The connection of a packet to a local address, or NONE. */
export function connectionOfAnswer({ fullnatKeys }: Connections, packet: Packet): ConnIndex {
  const { protocol, ip, srcPort, dstPort } = packet
  return fullnatKeys.lookup(protocol, ip.srcAddr, srcPort, ip.dstAddr, dstPort)
}
/** The connection of the packet quoted in an ICMP error to a local address, or NONE. */
export function connectionOfQuoted({ fullnatKeys }: Connections, { ip, srcPort, dstPort }: Embedded): ConnIndex {
  return fullnatKeys.lookup(ip.protocol, ip.dstAddr, dstPort, ip.srcAddr, srcPort)
}

/** Rewrites an ICMP error from the real server's side for the client, both headers, and counts it. */
export function translateError(
  { conns, counters, embedded, forwarders }: Pick<Parts, 'conns' | 'counters' | 'embedded' | 'forwarders'>,
  packet: Packet,
  conn: ConnIndex,
): void {
  countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
  forwarders[conns.methodOf(conn)].relatedOutbound(packet, embedded, conn)
}
