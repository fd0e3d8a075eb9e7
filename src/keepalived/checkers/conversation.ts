import type { Socket } from 'node:net'
import { reasonOf } from '../../linux/error-text.js'
import { down, type CheckResult } from './check-result.js'

/** One side of a conversation over TCP: what it says, and when it has heard enough. Undefined: it goes on. */
export interface Conversation {
  /** The connection, and its TLS, is open. */
  opened(socket: Socket): CheckResult | undefined
  received?(octets: Buffer, socket: Socket): CheckResult | undefined
  /** The server ended it first. */
  ended?(): CheckResult
  /** What did not come in time: `answer`, `greeting`. */
  awaited?(): string
}

/** A server that sends an octet now and then is not waited for longer than this many timeouts in all. */
const MOST_WAITS = 10

/**
 * Holds a conversation on a socket that connects, and closes it. Each wait (for the connection, for more octets) ends after `timeoutMs`,
 * as keepalived's do; all together after ten times that. `signal` ends it too. Never rejects.
 */
export function converse(
  socket: Socket,
  conversation: Conversation,
  timeoutMs: number,
  signal: AbortSignal,
  opens: 'connect' | 'secureConnect' = 'connect',
): Promise<CheckResult> {
  return new Promise(resolve => {
    let isOpen = false
    let isDone = false
    const timer = setTimeout(timedOut, timeoutMs)
    const lastWaitAt = performance.now() + (MOST_WAITS - 1) * timeoutMs

    function finish(result: CheckResult | undefined): void {
      if (result === undefined || isDone) return
      isDone = true
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      if (socket.writableLength > 0) socket.destroySoon()
      else socket.destroy()
      resolve(result)
    }
    function timedOut(): void {
      finish(down(`no ${isOpen ? (conversation.awaited?.() ?? 'answer') : 'connection'} within ${timeoutMs} ms`))
    }
    function aborted(): void {
      finish(down('given up'))
    }

    signal.addEventListener('abort', aborted)
    if (signal.aborted) aborted()
    socket.on(opens, () => {
      isOpen = true
      timer.refresh()
      finish(conversation.opened(socket))
    })
    socket.on('error', error => finish(down(reasonOf(error))))
    if (conversation.received) {
      socket.on('data', octets => {
        if (performance.now() < lastWaitAt) timer.refresh()
        finish(conversation.received!(octets, socket))
      })
    }
    socket.on('end', () => finish(conversation.ended?.() ?? down('the server ended the connection')))
    socket.on('close', () => finish(down('the connection was closed')))
  })
}
