import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { endpointName, type Endpoint } from './endpoints.js'
import type { EtcdError } from './etcd-error.js'
import { exchangeError, isReset } from './exchange-error.js'
import { tryHandshake, type EtcdTls } from './handshake.js'

export interface ExchangeLimits {
  /** Until the connection stands. */
  readonly connectMs: number
  /** Until the answer begins. */
  readonly answerMs: number
}

/** A half-open connection is asked whether it lives after so long in silence. */
const KEEP_ALIVE_MS = 5_000
/** At once, of each endpoint. */
const SOCKETS = 16

/** Connections to etcd's members, kept and used again. Node's fetch takes no certificates of one's own, so it is Node's http. */
export class HttpExchange {
  readonly #plain = new HttpAgent({ keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: SOCKETS })
  readonly #tls: HttpsAgent
  readonly #ours: EtcdTls
  /** Names of endpoints. */
  readonly #haveAnswered = new Set<string>()

  constructor(tls: EtcdTls = {}) {
    this.#ours = tls
    this.#tls = new HttpsAgent({ keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: SOCKETS, ...tls })
  }

  /** Posts JSON. Returns the answer as it begins, whatever its status. EtcdError, unreachable, if none does in time. */
  post(to: Endpoint, path: string, body: string, headers: OutgoingHttpHeaders, limits: ExchangeLimits) {
    return new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        host: to.host,
        port: to.port,
        path,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      }
      const request = to.isTls
        ? httpsRequest({ ...options, agent: this.#tls })
        : httpRequest({ ...options, agent: this.#plain })
      let isConnected = false
      const giveUp = (why: string): void => void request.destroy(new Error(why))
      let timer = setTimeout(() => giveUp(`no connection within ${limits.connectMs} ms`), limits.connectMs)
      const connected = (): void => {
        isConnected = true
        clearTimeout(timer)
        timer = setTimeout(() => giveUp(`no answer within ${limits.answerMs} ms`), limits.answerMs)
      }
      request.on('socket', (socket: Socket) => {
        if (!socket.connecting) connected()
        else socket.once(to.isTls ? 'secureConnect' : 'connect', connected)
      })
      request.on('response', answer => {
        clearTimeout(timer)
        this.#haveAnswered.add(endpointName(to))
        resolve(answer)
      })
      request.on('error', error => {
        clearTimeout(timer)
        void this.#why(to, error, { socket: request.socket, isConnected }, limits).then(reject)
      })
      request.end(body)
    })
  }

  /** A connection that ends without a reason, where none was answered yet: it may be for want of TLS, or of a certificate. */
  async #why(
    to: Endpoint,
    error: Error,
    attempt: { socket: unknown; isConnected: boolean },
    { connectMs }: ExchangeLimits,
  ): Promise<EtcdError> {
    const isOdd = isReset(error) && !this.#haveAnswered.has(endpointName(to))
    const handshake = isOdd ? await tryHandshake(to, this.#ours, connectMs) : undefined
    return exchangeError(to, error, { ...attempt, handshake })
  }

  close(): void {
    this.#plain.destroy()
    this.#tls.destroy()
  }
}
