import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LRUCache } from 'lru-cache'
import { isFields } from '../../protocol/check.js'
import { HttpRefusal } from '../answers.js'
import { Attempts } from './attempts.js'
import { digestOf, type TokenFile } from './token-file.js'

const SESSIONS_MAX = 64
/** A session that has not been used for so long ends, in ms. */
const IDLE_MS = 2 * 3_600_000
const COOKIE = 'uvs-session'
const ATTRIBUTES = 'Path=/api; HttpOnly; SameSite=Strict'
const TOKEN_MAX = 256

/** Knows who asks: by a token with each request, or by a cookie that a token was given for. */
export class Sessions {
  readonly #tokens: TokenFile
  readonly #attempts = new Attempts()
  /** The token's digest by the cookie's, hexadecimal: a session ends with its token. */
  readonly #open = new LRUCache<string, Buffer>({ max: SESSIONS_MAX, ttl: IDLE_MS, updateAgeOnGet: true })

  constructor(tokens: TokenFile) {
    this.#tokens = tokens
  }

  /** Who asks; undefined: nobody that is known. HttpRefusal, late, for a wrong token. */
  async whoAsks(request: IncomingMessage): Promise<string | undefined> {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (bearer !== undefined) return this.#check(request, bearer)
    const digest = this.#open.get(cookieOf(request) ?? '')
    return digest && this.#tokens.nameOfDigest(digest)
  }

  /** Sets a cookie for a token; returns whose it is. HttpRefusal, late, for a wrong one. */
  async begin(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<string> {
    const token = isFields(body) && typeof body['token'] === 'string' ? body['token'] : ''
    const who = await this.#check(request, token.trim())
    const id = randomBytes(32).toString('base64url')
    this.#open.set(keyOf(id), digestOf(token.trim()))
    response.setHeader('set-cookie', `${COOKIE}=${id}; ${ATTRIBUTES}`)
    return who
  }

  end(request: IncomingMessage, response: ServerResponse): void {
    this.#open.delete(cookieOf(request) ?? '')
    response.setHeader('set-cookie', `${COOKIE}=; ${ATTRIBUTES}; Max-Age=0`)
  }

  async #check(request: IncomingMessage, token: string): Promise<string> {
    const address = request.socket.remoteAddress ?? ''
    this.#attempts.admit(address)
    if (token === '') throw new HttpRefusal(400, 'token: not a text')
    const name = token.length > TOKEN_MAX ? undefined : this.#tokens.nameOf(token)
    return name ?? this.#attempts.refuse(address)
  }
}

/** The key of the request's session. */
function cookieOf({ headers }: IncomingMessage): string | undefined {
  const id = /(?:^|;\s*)uvs-session=([\w-]{43})(?:;|$)/.exec(headers.cookie ?? '')?.[1]
  return id === undefined ? undefined : keyOf(id)
}

/** Looked up by what nobody can come near to by guessing. */
function keyOf(id: string): string {
  return digestOf(id).toString('hex')
}
