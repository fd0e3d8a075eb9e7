import type { Socket } from 'node:net'
import { type CheckResult, down, UP } from '../checkers/check-result.js'
import type { Conversation } from '../checkers/conversation.js'
import { ReplyReader } from '../checkers/smtp-reply.js'
import type { MailSettings } from './mail-settings.js'
import { addressOf } from './mail-text.js'

/** A step: what is said, and what its reply must be. */
interface Step {
  readonly says: string
  readonly expects: readonly number[]
  /** It may fail, if it does not for all of its kind. */
  readonly recipient?: string
}

/** One mail to an SMTP server (RFC 5321): HELO, MAIL, RCPT for each address, DATA, QUIT. It is up when the server has taken the mail. */
export class SmtpDelivery implements Conversation {
  readonly #steps: Step[]
  readonly #refused: string[] = []
  readonly #recipients: number
  /** What the reply is awaited of: first the greeting. */
  #step: Step = { says: 'greeting', expects: [220] }
  readonly #replies = new ReplyReader()

  /** `text` ends with the dot that ends a mail. */
  constructor({ heloName, from, to }: MailSettings, text: string) {
    this.#recipients = to.length
    this.#steps = [
      { says: `HELO ${heloName}\r\n`, expects: [250] },
      { says: `MAIL FROM:<${addressOf(from)}>\r\n`, expects: [250] },
      ...to.map(address => ({
        says: `RCPT TO:<${addressOf(address)}>\r\n`,
        expects: [250, 251],
        recipient: addressOf(address),
      })),
      { says: 'DATA\r\n', expects: [354] },
      { says: text, expects: [250] },
    ]
  }

  /** Addresses that the server did not take. */
  get refused(): readonly string[] {
    return this.#refused
  }

  opened(): undefined {}

  received(octets: Buffer, socket: Socket): CheckResult | undefined {
    const reply = this.#replies.take(octets, this.awaited())
    if (reply === undefined || !('code' in reply)) return reply
    if (!this.#step.expects.includes(reply.code)) {
      const { recipient } = this.#step
      if (recipient !== undefined) this.#refused.push(recipient)
      if (recipient === undefined || this.#refused.length === this.#recipients) {
        socket.write('QUIT\r\n')
        return down(`${this.awaited()}: ${reply.first}`)
      }
    }
    const next = this.#steps.shift()
    if (next === undefined) {
      socket.write('QUIT\r\n')
      return UP
    }
    this.#step = next
    socket.write(next.says)
    return undefined
  }

  awaited(): string {
    const { says } = this.#step
    if (says === 'greeting') return says
    return says.startsWith('Date: ') ? 'answer to the mail' : `answer to ${says.slice(0, 4)}`
  }
}
