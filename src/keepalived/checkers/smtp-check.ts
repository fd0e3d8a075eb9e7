import type { Socket } from 'node:net'
import type { SmtpCheck } from '../config/tree/checker.js'
import { down, UP, type CheckResult } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import { converse, type Conversation } from './conversation.js'
import type { Peer } from './peer.js'
import { ReplyReader } from './smtp-reply.js'

/** SMTP_CHECK: greeting 220, HELO, 250, QUIT. A reply may have several lines (`250-first`, `250 last`), which keepalived takes for an error. */
export function checkSmtp(
  checker: SmtpCheck,
  peer: Peer,
  sockets: CheckSockets,
  signal: AbortSignal,
): Promise<CheckResult> {
  return converse(sockets.connect(peer), new SmtpConversation(checker.heloName), checker.connectTimeoutMs, signal)
}

class SmtpConversation implements Conversation {
  readonly #heloName: string
  #isGreeted = false
  readonly #replies = new ReplyReader()

  constructor(heloName: string) {
    this.#heloName = heloName
  }

  opened(): undefined {}

  received(octets: Buffer, socket: Socket): CheckResult | undefined {
    const reply = this.#replies.take(octets, this.awaited())
    if (reply === undefined || !('code' in reply)) return reply
    if (!this.#isGreeted) {
      if (reply.code !== 220) return down(`Bad greeting banner: ${reply.first}`)
      this.#isGreeted = true
      socket.write(`HELO ${this.#heloName}\r\n`)
      return undefined
    }
    if (reply.code !== 250) return down(`Bad HELO response: ${reply.first}`)
    socket.write('QUIT\r\n')
    return UP
  }

  awaited(): string {
    return this.#isGreeted ? 'HELO response' : 'greeting'
  }
}
