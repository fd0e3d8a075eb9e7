import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Routes } from '../../neigh/routes.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { isLimitedBroadcast, isLoopback, isMulticast, isZeronet } from '../../wire/addr.js'

/**
 * Drops packets with addresses that are invalid on a wire, like Linux (RFC 1812 §5.3.7): a source in 0/8 or 127/8, multicast
 * or our own; a destination 0 or in 127/8. (Linux since 5.4 accepts sources from 0.0.0.1 on; we keep to the RFC.) Broadcast
 * and multicast are neither forwarded nor balanced. `isFromHost`: a program of this host has sent it, from an address of ours.
 */
export function checkAddresses(
  packet: Packet,
  ownAddresses: OwnAddresses,
  routes: Routes,
  isFromHost: boolean,
): Verdict {
  const { srcAddr, dstAddr } = packet.ip
  if (isZeronet(srcAddr) || isLoopback(srcAddr) || isMulticast(srcAddr) || isLimitedBroadcast(srcAddr))
    return Verdict.DROP_SOURCE_INVALID
  if (isMulticast(dstAddr) || isLimitedBroadcast(dstAddr)) return Verdict.DROP_BROADCAST
  if (dstAddr === 0 || isLoopback(dstAddr)) return Verdict.DROP_DESTINATION_INVALID
  if (!isFromHost && ownAddresses.has(srcAddr)) return Verdict.DROP_SOURCE_IS_OURS
  return routes.isBroadcast(dstAddr) ? Verdict.DROP_BROADCAST : Verdict.PASS
}
