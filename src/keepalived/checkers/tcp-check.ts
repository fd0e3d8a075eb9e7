import type { PlainCheck } from '../config/tree/checker.js'
import type { CheckResult } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import type { Peer } from './peer.js'

/** TCP_CHECK: a connection that opens is enough; it is closed without a word. */
export function checkTcp(
  { connectTimeoutMs }: PlainCheck,
  peer: Peer,
  sockets: CheckSockets,
  signal: AbortSignal,
): Promise<CheckResult> {
  return sockets.probe(peer, connectTimeoutMs, signal)
}
