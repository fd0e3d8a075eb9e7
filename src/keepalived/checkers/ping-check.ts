import type { PingCheck } from '../config/tree/checker.js'
import type { CheckResult } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import type { Peer } from './peer.js'

/** PING_CHECK: an ICMP echo request, and its reply within the timeout. */
export function checkPing(
  { connectTimeoutMs }: PingCheck,
  peer: Peer,
  sockets: CheckSockets,
  signal: AbortSignal,
): Promise<CheckResult> {
  return sockets.ping(peer, connectTimeoutMs, signal)
}
