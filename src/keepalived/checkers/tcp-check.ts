import type { PlainCheck } from '../config/tree/checker.js'
import { UP, type CheckResult } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import { converse, type Conversation } from './conversation.js'
import type { Peer } from './peer.js'

const OPENED: Conversation = { opened: () => UP }

/** TCP_CHECK: a connection that opens is enough; it is closed without a word. */
export function checkTcp(
  { connectTimeoutMs }: PlainCheck,
  peer: Peer,
  sockets: CheckSockets,
  signal: AbortSignal,
): Promise<CheckResult> {
  return converse(sockets.connect(peer), OPENED, connectTimeoutMs, signal)
}
