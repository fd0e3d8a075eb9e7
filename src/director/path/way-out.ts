/*
 * What routing and balancing require of a packet (RFC 1812 §5.2): a route, TTL and, with DF, the MTU. Otherwise it is dropped
 * and an ICMP error is sent. `from` is the error's source; undefined: the address of the interface that it leaves by.
 */
import { DeadEnd } from '../../neigh/routes.js'
import type { Hop } from '../../forward/hop.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import { IcmpType, Unreachable } from '../../wire/icmp.js'
import type { Parts } from './parts.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { PROHIBIT, UNREACHABLE } = DeadEnd
const { DROP_NO_ROUTE, DROP_TOO_BIG, DROP_TTL, PASS } = Verdict

/**
 * No route to `to`. `code`: net or host unreachable. If the kernel's route is a dead end, its kind decides the error; a black hole
 * sends none (ip-route(8)).
 */
export function noRoute(
  { errors, routes }: Parts,
  packet: Packet,
  to: Ipv4Addr,
  code: number,
  from: Ipv4Addr | undefined,
  nowMs: number,
): Verdict {
  switch (routes.deadEnd(to)) {
    case undefined:
      errors.send(packet, IcmpType.UNREACHABLE, code, 0, from, nowMs)
      break
    case UNREACHABLE:
      errors.send(packet, IcmpType.UNREACHABLE, Unreachable.HOST, 0, from, nowMs)
      break
    case PROHIBIT:
      errors.send(packet, IcmpType.UNREACHABLE, Unreachable.PROHIBITED, 0, from, nowMs)
  }
  return DROP_NO_ROUTE
}
/** Returns PASS, or DROP_TTL if the TTL is used up. */
export function checkTtl({ errors }: Parts, packet: Packet, from: Ipv4Addr | undefined, nowMs: number): Verdict {
  if (packet.ip.ttl > 1) return PASS
  errors.send(packet, IcmpType.TIME_EXCEEDED, 0, 0, from, nowMs)
  return DROP_TTL
}
/** The packet is too large. `mtu`: what the sender is told. */
export function tooBig(
  { errors }: Parts,
  packet: Packet,
  mtu: number,
  from: Ipv4Addr | undefined,
  nowMs: number,
): Verdict {
  errors.send(packet, IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, mtu, from, nowMs)
  return DROP_TOO_BIG
}

/**
 * Checks TTL and MTU; on PASS it has lowered the TTL. The MTU is checked first here, so that the error quotes the packet as
 * it came; in path/towards-server it is the other way round. Both are the kernel's order.
 */
export function wayOut(parts: Parts, packet: Packet, hop: Hop, nowMs: number): Verdict {
  const { ip } = packet
  const refused = checkTtl(parts, packet, undefined, nowMs)
  if (refused !== PASS) return refused
  if (ip.dontFragment && parts.output.exceeds(packet, hop.mtu)) return tooBig(parts, packet, hop.mtu, undefined, nowMs)
  ip.decrementTtl()
  return PASS
}
