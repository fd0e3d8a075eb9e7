import { reasonOf } from '../../linux/error-text.js'
import type { CheckSockets } from '../checkers/check-sockets.js'
import { converse } from '../checkers/conversation.js'
import type { MailSettings } from './mail-settings.js'
import { type Mail, mailText } from './mail-text.js'
import { SmtpDelivery } from './smtp-delivery.js'

/** Mails that wait for their turn; more are dropped. */
const MOST_WAITING = 100
/** From the end to that of mails that are still to be sent. */
const PATIENCE_MS = 2000

/**
 * Sends mails one after the other, in order, and holds up nobody: a server that does not answer costs its own mails. That mails fail is
 * said once, until one is taken again.
 */
export class MailQueue {
  settings: MailSettings | undefined
  readonly #connect: CheckSockets['connect']
  readonly #tell: (line: string) => void
  readonly #abort = new AbortController()
  readonly #waiting: { readonly mail: Mail; readonly at: Date }[] = []
  /** Mails that were lost since the last that was sent. */
  #lost = 0
  #sending: Promise<void> | undefined

  constructor(connect: CheckSockets['connect'], tell: (line: string) => void) {
    this.#connect = connect
    this.#tell = tell
  }

  /** Without settings nothing is sent. */
  put(mail: Mail): void {
    if (this.settings === undefined || this.#abort.signal.aborted) return
    if (this.#waiting.length >= MOST_WAITING) {
      this.#lose(`more than ${MOST_WAITING} are waiting`)
      return
    }
    this.#waiting.push({ mail, at: new Date() })
    this.#sending ??= this.#send()
  }

  /** Those that wait may still go, for `patienceMs`. */
  async close(patienceMs = PATIENCE_MS): Promise<void> {
    const timer = setTimeout(() => this.#abort.abort(), patienceMs)
    await this.#sending
    clearTimeout(timer)
    this.#abort.abort()
  }

  async #send(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { settings } = this
      if (settings === undefined || this.#abort.signal.aborted) continue
      const delivery = new SmtpDelivery(settings, mailText(next.mail, settings, next.at))
      const why = await this.#deliver(delivery, settings)
      if (this.#abort.signal.aborted) continue
      if (why !== undefined) this.#lose(`${settings.server.host} port ${settings.server.port}: ${why}`)
      else this.#sent(delivery)
    }
    this.#sending = undefined
  }

  /** Returns why not. */
  async #deliver(delivery: SmtpDelivery, { server, timeoutMs }: MailSettings): Promise<string | undefined> {
    try {
      const socket = this.#connect({ address: server.host, port: server.port, fwmark: 0 })
      const result = await converse(socket, delivery, timeoutMs, this.#abort.signal)
      return result.isUp ? undefined : result.why
    } catch (error) {
      return reasonOf(error)
    }
  }

  #lose(why: string): void {
    if (this.#lost++ === 0) this.#tell(`a mail was not sent: ${why}`)
  }

  #sent({ refused }: SmtpDelivery): void {
    if (this.#lost > 0) this.#tell(`mails are sent again: ${this.#lost} were not`)
    this.#lost = 0
    if (refused.length > 0) this.#tell(`a mail was not taken for ${refused.join(', ')}`)
  }
}
