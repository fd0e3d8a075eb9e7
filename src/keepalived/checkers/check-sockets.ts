import type { Socket as Datagrams } from 'node:dgram'
import type { Socket } from 'node:net'
import type { CheckResult } from './check-result.js'
import type { Peer } from './peer.js'

/** How checks reach a server: handed in, so that a test says what the network is. */
export interface CheckSockets {
  /** A TCP socket that begins to connect. Throws Error where it cannot be bound as the peer says. */
  connect(peer: Peer): Socket
  /** A UDP socket connected to the peer: ICMP errors become its errors. Calls back once it is; throws as `connect`. */
  datagrams(peer: Peer, connected: (socket: Datagrams) => void): Datagrams
  /** An ICMP echo request and the wait for its reply. */
  ping(peer: Peer, timeoutMs: number, signal: AbortSignal): Promise<CheckResult>
}
