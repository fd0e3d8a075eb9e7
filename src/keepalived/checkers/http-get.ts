import type { Socket } from 'node:net'
import { connect as startTls } from 'node:tls'
import type { HttpCheck, Url } from '../config/tree/checker.js'
import { down, UP, type CheckResult } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import { converse, type Conversation } from './conversation.js'
import { HttpAnswer } from './http-answer.js'
import { compileRegex, findIn, type BodyRegex } from './http-regex.js'
import { httpRequest } from './http-request.js'
import type { Peer } from './peer.js'

const USUAL: Url['statusCodes'] = [[200, 299]]

/**
 * HTTP_GET and SSL_GET: one url, over a connection of its own. Tested in this order: status line, status, digest, regex.
 *
 * `host` is the real or virtual server's virtualhost. Over TLS the certificate is not verified, as keepalived does not; a name goes with
 * the handshake (SNI) only with enable_sni and a virtualhost.
 */
export function checkHttp(
  checker: HttpCheck,
  url: Url,
  host: string | undefined,
  peer: Peer,
  sockets: CheckSockets,
  signal: AbortSignal,
): Promise<CheckResult> {
  let regex: BodyRegex | undefined
  try {
    if (url.regex !== undefined) regex = compileRegex(url)
  } catch (error) {
    return Promise.resolve(down((error as Error).message))
  }
  const conversation = new HttpConversation(url, regex, httpRequest(checker, url, peer, host))
  const socket = sockets.connect(peer)
  if (checker.kind === 'HTTP_GET') return converse(socket, conversation, checker.connectTimeoutMs, signal)
  const name = url.virtualhost ?? checker.virtualhost ?? host
  const tls = startTls({
    socket,
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ...(checker.enableSni && name !== undefined && { servername: name }),
  })
  socket.once('error', error => tls.destroy(error))
  return converse(tls, conversation, checker.connectTimeoutMs, signal, 'secureConnect')
}

class HttpConversation implements Conversation {
  readonly #url: Url
  readonly #regex: BodyRegex | undefined
  readonly #request: string
  readonly #answer: HttpAnswer

  constructor(url: Url, regex: BodyRegex | undefined, request: string) {
    this.#url = url
    this.#regex = regex
    this.#request = request
    this.#answer = new HttpAnswer({ digest: url.digest !== undefined, text: url.regex !== undefined })
  }

  opened(socket: Socket): undefined {
    socket.write(this.#request, 'latin1')
  }

  received(octets: Buffer): CheckResult | undefined {
    return this.#answer.take(octets) ? judgeAnswer(this.#answer, this.#url, this.#regex) : undefined
  }

  ended(): CheckResult {
    return judgeAnswer(this.#answer, this.#url, this.#regex)
  }

  awaited(): string {
    return this.#answer.hasHeader ? 'end of the answer' : 'answer'
  }
}

/** Whether an answer that has ended is what the url wants. */
export function judgeAnswer(answer: HttpAnswer, url: Url, regex?: BodyRegex): CheckResult {
  const { status, contentLength, bodyLength } = answer
  if (!answer.hasHeader) return down('no HTTP header')
  if (status === 0) return down('no HTTP status line')
  const codes = url.statusCodes ?? USUAL!
  if (!codes.some(([first, last]) => status >= first && status <= last)) return down(`status ${status}`)
  if (url.digest !== undefined) {
    const digest = answer.digest()
    if (digest !== url.digest) return down(`MD5 digest ${digest}`)
  }
  if (regex) {
    try {
      const isFound = findIn(answer.text(), answer.headLength, regex) !== undefined
      if (isFound === url.regexNoMatch) return down(isFound ? 'the regex matches' : 'the regex does not match')
    } catch (error) {
      return down((error as Error).message)
    }
  }
  if (contentLength === undefined || contentLength === bodyLength) return UP
  return { isUp: true, note: `content_length (${contentLength}) does not match received bytes (${bodyLength})` }
}
