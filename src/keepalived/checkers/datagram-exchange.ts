import type { Socket } from 'node:dgram'
import { reasonOf } from '../../linux/error-text.js'
import { down, type CheckResult } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import type { Peer } from './peer.js'

export interface Exchange {
  readonly request: Buffer
  /** Undefined: not what was asked for, the wait goes on. */
  received(reply: Buffer): CheckResult | undefined
  /** Nothing (more) came. */
  timedOut(): CheckResult
}

/** Sends one datagram from a socket of its own and waits for what comes. An ICMP error ends it: down. Never rejects. */
export function exchange(
  { request, received, timedOut }: Exchange,
  peer: Peer,
  timeoutMs: number,
  sockets: CheckSockets,
  signal: AbortSignal,
): Promise<CheckResult> {
  return new Promise(resolve => {
    let isDone = false
    const socket: Socket = sockets.datagrams(peer, opened => !isDone && opened.send(request))
    const timer = setTimeout(() => finish(timedOut()), timeoutMs)
    const aborted = (): void => finish(down('given up'))
    function finish(result: CheckResult | undefined): void {
      if (result === undefined || isDone) return
      isDone = true
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.close()
      resolve(result)
    }
    signal.addEventListener('abort', aborted)
    socket.on('error', error => finish(down(reasonOf(error))))
    socket.on('message', reply => finish(received(reply)))
    if (signal.aborted) aborted()
  })
}
