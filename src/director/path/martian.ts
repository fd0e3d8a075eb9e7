import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Routes } from '../../neigh/routes.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { isLimitedBroadcast, isLoopback, isMulticast, isZeronet } from '../../wire/addr.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { DROP_BROADCAST, DROP_DESTINATION_INVALID, DROP_SOURCE_INVALID, DROP_SOURCE_IS_OURS, PASS } = Verdict

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
    return DROP_SOURCE_INVALID
  if (isMulticast(dstAddr) || isLimitedBroadcast(dstAddr)) return DROP_BROADCAST
  if (dstAddr === 0 || isLoopback(dstAddr)) return DROP_DESTINATION_INVALID
  if (!isFromHost && ownAddresses.has(srcAddr)) return DROP_SOURCE_IS_OURS
  return routes.isBroadcast(dstAddr) ? DROP_BROADCAST : PASS
}
