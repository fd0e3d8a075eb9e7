import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LRUCache } from 'lru-cache'
import { isFields } from '../../protocol/check.js'
import { HttpRefusal } from '../answers.js'
import { Attempts } from './attempts.js'
import type { LoginCodes } from './login-codes.js'
import { digestOf, type TokenFile } from './token-file.js'

const SESSIONS_MAX = 64
/** A session that has not been used for so long ends, in ms. */
const IDLE_MS = 2 * 3_600_000
/** One that a code has opened ends then at the latest: no file says that its owner is out. */
const LONGEST_MS = 12 * 3_600_000
const COOKIE = 'uvs-session'
const ATTRIBUTES = 'Path=/api; HttpOnly; SameSite=Strict'
const TOKEN_MAX = 256

interface Session {
  /** Undefined: it is over. */
  who: () => string | undefined
  /** By what address or name of ours the browser asks. */
  host: string | undefined
}

/** How somebody becomes known: by a token of a file, by a code of the control socket, or by both. */
export interface Ways {
  tokens: TokenFile | undefined
  codes: LoginCodes | undefined
}

/** Knows who asks: by a token with each request, or by a cookie that a token or a code was given for. */
export class Sessions {
  readonly #ways: Ways
  readonly #now: () => number
  readonly #attempts = new Attempts()
  /** By the cookie's digest, hexadecimal. */
  readonly #open = new LRUCache<string, Session>({ max: SESSIONS_MAX, ttl: IDLE_MS, updateAgeOnGet: true })

  constructor(ways: Ways, now: () => number = () => performance.now()) {
    this.#ways = ways
    this.#now = now
  }

  /** Who asks; undefined: nobody that is known. HttpRefusal, late, for a wrong token. */
  async whoAsks(request: IncomingMessage): Promise<string | undefined> {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (bearer !== undefined) return (await this.#check(request, bearer, text => this.#ofToken(text)))()
    const session = this.#open.get(cookieOf(request) ?? '')
    return session && session.host === request.headers.host ? session.who() : undefined
  }

  /** Sets a cookie for a token or a code; returns whose it is. HttpRefusal, late, for a wrong one. */
  async begin(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<string> {
    const text = isFields(body) && typeof body['token'] === 'string' ? body['token'].trim() : ''
    const who = await this.#check(request, text, found => this.#ofToken(found) ?? this.#ofCode(found))
    const id = randomBytes(32).toString('base64url')
    this.#open.set(keyOf(id), { who, host: request.headers.host })
    response.setHeader('set-cookie', `${COOKIE}=${id}; ${ATTRIBUTES}`)
    return who() ?? ''
  }

  end(request: IncomingMessage, response: ServerResponse): void {
    this.#open.delete(cookieOf(request) ?? '')
    response.setHeader('set-cookie', `${COOKIE}=; ${ATTRIBUTES}; Max-Age=0`)
  }

  /** It ends with its token. */
  #ofToken(token: string): Session['who'] | undefined {
    const { tokens } = this.#ways
    const digest = digestOf(token)
    return tokens?.nameOf(token) === undefined ? undefined : () => tokens.nameOfDigest(digest)
  }
  #ofCode(code: string): Session['who'] | undefined {
    const who = this.#ways.codes?.take(code)
    const endsAt = this.#now() + LONGEST_MS
    return who === undefined ? undefined : () => (this.#now() < endsAt ? who : undefined)
  }

  async #check(
    request: IncomingMessage,
    text: string,
    find: (text: string) => Session['who'] | undefined,
  ): Promise<Session['who']> {
    const address = request.socket.remoteAddress ?? ''
    this.#attempts.admit(address)
    if (text === '') throw new HttpRefusal(400, 'token: not a text')
    const who = text.length > TOKEN_MAX ? undefined : find(text)
    return who ?? this.#attempts.refuse(address, this.#ways.codes ? WRONG_CODE : WRONG)
  }
}

const WRONG = 'a wrong token'
const WRONG_CODE = 'a wrong token, or a code that was used or is older than two minutes'

/** The key of the request's session. */
function cookieOf({ headers }: IncomingMessage): string | undefined {
  const id = /(?:^|;\s*)uvs-session=([\w-]{43})(?:;|$)/.exec(headers.cookie ?? '')?.[1]
  return id === undefined ? undefined : keyOf(id)
}

/** Looked up by what nobody can come near to by guessing. */
function keyOf(id: string): string {
  return digestOf(id).toString('hex')
}
