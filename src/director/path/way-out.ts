/*
 * What a packet needs to go on (RFC 1812 §5.2), for routing and for balancing: a route, TTL, and with DF the MTU. What lacks
 * it is dropped, and its sender told: `from` is who says so, undefined for the interface that the error leaves by.
 */
import type { Hop } from '../../forward/hop.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import { IcmpType, Unreachable } from '../../wire/icmp.js'
import type { Parts } from './parts.js'

/** No route leads to where it is to go. `code`: what is unreachable, a net or a host. */
export function noRoute(
  { errors }: Parts,
  packet: Packet,
  code: number,
  from: Ipv4Addr | undefined,
  now: number,
): Verdict {
  errors.send(packet, IcmpType.UNREACHABLE, code, 0, from, now)
  return Verdict.DROP_NO_ROUTE
}
/** PASS, or DROP_TTL: it may go no further. */
export function checkTtl({ errors }: Parts, packet: Packet, from: Ipv4Addr | undefined, now: number): Verdict {
  if (packet.ip.ttl > 1) return Verdict.PASS
  errors.send(packet, IcmpType.TIME_EXCEEDED, 0, 0, from, now)
  return Verdict.DROP_TTL
}
/** It is larger than the way takes; `mtu` is what its sender is told. */
export function tooBig(
  { errors }: Parts,
  packet: Packet,
  mtu: number,
  from: Ipv4Addr | undefined,
  now: number,
): Verdict {
  errors.send(packet, IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, mtu, from, now)
  return Verdict.DROP_TOO_BIG
}

/**
 * TTL and MTU, as routing asks for them; on PASS the TTL is one less. The MTU comes first here, and the error quotes the
 * packet as it came; towards a real server it is the other way round (path/towards-server). The kernel has both so.
 */
export function wayOut(parts: Parts, packet: Packet, hop: Hop, now: number): Verdict {
  const { ip } = packet
  const refused = checkTtl(parts, packet, undefined, now)
  if (refused !== Verdict.PASS) return refused
  if (ip.dontFragment && parts.output.exceeds(packet, hop.mtu)) return tooBig(parts, packet, hop.mtu, undefined, now)
  ip.decrementTtl()
  return Verdict.PASS
}
