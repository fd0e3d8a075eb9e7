import type { IncomingMessage } from 'node:http'
import { endpointName, type Endpoint } from './endpoints.js'
import { EtcdError } from './etcd-error.js'
import { errorOf, isOfToken, statusOf, withHint } from './grpc-status.js'
import type { EtcdTls } from './handshake.js'
import { HttpExchange } from './http-exchange.js'
import { readAnswer } from './read-answer.js'

export interface EtcdOptions {
  /** At least one. */
  readonly endpoints: readonly Endpoint[]
  readonly tls?: EtcdTls
  readonly user?: { readonly name: string; readonly password: string }
  /** Until a connection stands, default 1000; of each endpoint. */
  readonly connectMs?: number
  /** Until an answer begins, and again until it ends; default 5000; of each endpoint. */
  readonly answerMs?: number
}

export interface AskOptions {
  /** It may be asked twice: an answer that is lost is asked for again, of the next endpoint. */
  readonly isRepeatable: boolean
  /** Only of this one. */
  readonly at?: Endpoint
}

/** A stream of messages that has begun. */
export interface OpenStream {
  readonly endpoint: Endpoint
  readonly answer: IncomingMessage
}

type Json = Record<string, unknown>

/**
 * etcd's JSON gateway (etcd.io/docs/v3.4/dev-guide/api_grpc_gateway) of several endpoints: stays with one as long as it
 * answers, else takes the next. Asks for a token where there is a user, and anew when it is no longer good.
 */
export class Gateway {
  readonly endpoints: readonly Endpoint[]
  readonly #exchange: HttpExchange
  readonly #user: EtcdOptions['user']
  readonly #limits: { readonly connectMs: number; readonly answerMs: number }
  #at = 0
  #isClosed = false
  #token: Promise<string> | undefined

  constructor({ endpoints, tls, user, connectMs = 1000, answerMs = 5000 }: EtcdOptions) {
    if (endpoints.length === 0) throw new RangeError('etcd: no endpoint is given')
    this.endpoints = endpoints
    this.#exchange = new HttpExchange(tls)
    this.#user = user
    this.#limits = { connectMs, answerMs }
  }

  /** The one that is asked first. */
  get current(): Endpoint {
    return this.endpoints[this.#at]!
  }

  /** The endpoint does not answer as it should: the next one is asked first, unless that is so already. */
  leave(endpoint: Endpoint): void {
    if (this.current === endpoint) this.#at = (this.#at + 1) % this.endpoints.length
  }

  /** Returns the answer's JSON. EtcdError: what the last endpoint said. */
  ask(path: string, body: object, how: AskOptions): Promise<Json> {
    return this.#anywhere(how, async endpoint => {
      const answer = await this.#post(endpoint, path, body)
      return this.#read(endpoint, answer)
    })
  }

  /** Opens a stream at an endpoint that begins one. Its messages are for the caller to read. */
  open(path: string, body: object): Promise<OpenStream> {
    return this.#anywhere({ isRepeatable: true }, async endpoint => {
      const answer = await this.#post(endpoint, path, body)
      // Throws: a stream that is refused has another status.
      if (answer.statusCode !== 200) await this.#read(endpoint, answer)
      return { endpoint, answer }
    })
  }

  /** What was asked for and is not answered yet fails. */
  close(): void {
    this.#isClosed = true
    this.#exchange.close()
  }

  /** Once at each endpoint, and once more at the first: a connection that was kept may have died meanwhile. */
  async #anywhere<T>({ isRepeatable, at }: AskOptions, once: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    let tries = at ? 1 : this.endpoints.length + 1
    for (;;) {
      const endpoint = at ?? this.current
      try {
        return await once(endpoint)
      } catch (error) {
        if (!(error instanceof EtcdError) || error.kind !== 'unreachable') throw error
        if (!at) this.leave(endpoint)
        if (this.#isClosed || --tries === 0 || (error.mayBeDone && !isRepeatable)) throw error
      }
    }
  }

  /** With a token, if there is a user; once more with a new one if it is not good. */
  async #post(endpoint: Endpoint, path: string, body: object): Promise<IncomingMessage> {
    const text = JSON.stringify(body)
    const send = async (): Promise<IncomingMessage> => {
      const token = await this.#tokenAt(endpoint)
      // Whoever cannot reach a leader says so rather than to wait for one.
      const headers = { 'grpc-metadata-hasleader': 'true', ...(token !== undefined && { authorization: token }) }
      return this.#exchange.post(endpoint, path, text, headers, this.#limits)
    }
    const answer = await send()
    if (answer.statusCode === 200 || !this.#user) return answer
    const said = await readAnswer(answer, endpointName(endpoint), this.#limits.answerMs)
    const status = statusOf(parsed(said))
    if (!status) throw notEtcd(endpoint, answer, said)
    if (!isOfToken(status)) throw errorOf(status, endpointName(endpoint))
    this.#token = undefined
    return send()
  }

  /** One for all endpoints: the cluster's members know it. */
  #tokenAt(endpoint: Endpoint): Promise<string | undefined> | undefined {
    if (!this.#user) return undefined
    this.#token ??= this.#authenticate(endpoint, this.#user).catch(error => {
      this.#token = undefined
      throw error
    })
    return this.#token
  }
  async #authenticate(endpoint: Endpoint, user: object): Promise<string> {
    const answer = await this.#exchange.post(endpoint, '/v3/auth/authenticate', JSON.stringify(user), {}, this.#limits)
    const { token } = await this.#read(endpoint, answer)
    if (typeof token !== 'string') throw notEtcd(endpoint, answer)
    return token
  }

  async #read(endpoint: Endpoint, answer: IncomingMessage): Promise<Json> {
    const said = await readAnswer(answer, endpointName(endpoint), this.#limits.answerMs)
    const body = parsed(said)
    const status = statusOf(body)
    if (status) throw errorOf(this.#user ? status : withHint(status), endpointName(endpoint))
    if (body === undefined || answer.statusCode !== 200) throw notEtcd(endpoint, answer, said)
    return body
  }
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

/** etcd's own words for a certificate with a CN where it has users: the gateway would ignore that name, and refuses it. */
const OF_CN = 'CommonName of client'

function notEtcd(endpoint: Endpoint, { statusCode }: IncomingMessage, said = ''): EtcdError {
  if (said.startsWith(OF_CN)) {
    const text = `${endpointName(endpoint)}: with users, etcd's JSON gateway refuses a certificate of ours that has a CN: one without is needed`
    return new EtcdError('refused', text)
  }
  const text = `${endpointName(endpoint)}: what answers is not etcd's JSON gateway, version 3.4 or later (status ${statusCode})`
  return new EtcdError('malformed', text)
}
