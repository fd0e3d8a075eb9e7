import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { IcmpType, Unreachable } from '../../wire/icmp.js'
import type { Machine } from './parts.js'

/**
 * What a router asks before a packet goes on to `dst` (RFC 1812 §5.2): a route (else net unreachable, DROP_NO_ROUTE), TTL
 * (time exceeded, DROP_TTL), with DF the MTU (fragmentation needed, DROP_TOO_BIG). On PASS the route is held by the
 * output, and the TTL is one less.
 */
export function wayOut({ output, errors }: Machine, packet: Packet, dst: number, now: number): Verdict {
  const { ip } = packet
  if (!output.route(dst)) {
    errors.send(packet, IcmpType.UNREACHABLE, Unreachable.NET, 0, undefined, now)
    return Verdict.DROP_NO_ROUTE
  }
  if (ip.ttl <= 1) {
    errors.send(packet, IcmpType.TIME_EXCEEDED, 0, 0, undefined, now)
    return Verdict.DROP_TTL
  }
  if (ip.dontFragment && output.exceeds(packet, output.mtu)) {
    errors.send(packet, IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, output.mtu, undefined, now)
    return Verdict.DROP_TOO_BIG
  }
  ip.decrementTtl()
  return Verdict.PASS
}
