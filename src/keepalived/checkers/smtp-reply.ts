import { down, type CheckResult } from './check-result.js'

/** A reply longer than this is none. */
const MOST_REPLY = 64 * 1024

export interface SmtpReply {
  readonly code: number
  readonly first: string
}

/** Puts together the replies of a server that waits for what is said next: one at a time. */
export class ReplyReader {
  #text = ''

  /** Returns a whole reply, undefined while it has no end yet, or down: it has none. `awaited`: what of. */
  take(octets: Buffer, awaited: string): SmtpReply | CheckResult | undefined {
    this.#text += octets.toString('latin1')
    const reply = replyOf(this.#text)
    if (reply === undefined) return this.#text.length > MOST_REPLY ? down(`endless ${awaited}`) : undefined
    this.#text = ''
    return reply
  }
}

/** A whole reply (RFC 5321, 4.2.1): lines `ddd-text`, the last `ddd text`. Undefined: it has no end yet. Code 0: it is no reply. */
export function replyOf(text: string): SmtpReply | undefined {
  if (!text.endsWith('\n')) return undefined
  const lines = text.split(/\r?\n/).slice(0, -1)
  const first = lines[0] ?? ''
  const code = /^(\d{3})[ -]/.exec(first)?.[1]
  if (code === undefined) return { code: 0, first: first.slice(0, 80) }
  const last = lines.findIndex(line => !line.startsWith(`${code}-`))
  if (last < 0) return undefined
  return { code: lines[last]!.startsWith(`${code} `) ? Number(code) : 0, first: first.slice(0, 80) }
}
