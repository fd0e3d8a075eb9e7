import { NONE } from '../../conn/record.js'
import type { Packet } from '../../packet/packet.js'
import { isRelatedError } from '../../packet/related-errors.js'
import { Verdict } from '../../packet/verdict.js'
import { isOneWay } from '../../service/method.js'
import { ICMP_LEN } from '../../wire/icmp.js'
import { translateError } from './fullnat-lookup.js'
import type { Parts } from './parts.js'

/**
 * Rewrites an ICMP error to the client about one of its packets; the caller sends it. Returns BALANCED, PASS if it is about no
 * connection, or a drop.
 */
export function relateOutbound(
  parts: Pick<Parts, 'conns' | 'counters' | 'embedded' | 'forwarders' | 'watch'>,
  packet: Packet,
): Verdict {
  const { conns, embedded } = parts
  if (!isError(packet) || !embedded.wrap(packet)) return Verdict.PASS
  const { ip } = embedded
  const conn = conns.table.lookupOutbound(ip.protocol, ip.dstAddr, embedded.dstPort, ip.srcAddr, embedded.srcPort)
  parts.watch.witness?.lookedUp('quoted-outbound', conn)
  if (conn === NONE) return Verdict.PASS
  if (!isOneWay(conns.methodOf(conn)) && !packet.icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
  translateError(parts, packet, conn)
  return Verdict.BALANCED
}

/** Whether the ICMP message is an error that IPVS handles. */
export function isError({ icmp, slab, transportAt, transportLen }: Packet): boolean {
  if (transportLen < ICMP_LEN) return false
  return isRelatedError(icmp.wrap(slab.view, transportAt).type)
}
