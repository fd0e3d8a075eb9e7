import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request that is refused by an HTTP status, in a line. */
export class HttpRefusal extends Error {
  readonly status: number
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined

  constructor(status: number, message: string, retryAfter?: number) {
    super(message)
    this.status = status
    this.retryAfter = retryAfter
  }
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** On every answer: nothing of another site is loaded, and no other site loads or frames this one. */
const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export function protect(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
}

export function sayJson(response: ServerResponse, value: unknown, status = 200): void {
  sayText(response, JSON.stringify(value), status)
}

/** `json` is JSON already. */
export function sayText(response: ServerResponse, json: string, status = 200): void {
  const body = Buffer.from(json)
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': body.length,
      'cache-control': 'no-store',
    })
    .end(body)
}

export function sayRefusal(request: IncomingMessage, response: ServerResponse, refusal: HttpRefusal): void {
  if (refusal.retryAfter !== undefined) response.setHeader('retry-after', String(refusal.retryAfter))
  if (!request.complete) response.setHeader('connection', 'close') // what is left of its body is not read
  sayJson(response, { message: refusal.message }, refusal.status)
}

/** The body's JSON, of at most so many octets. */
export async function readJson(request: IncomingMessage, most: number): Promise<unknown> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new HttpRefusal(415, "content-type: not 'application/json'")
  const tooLarge = new HttpRefusal(413, `a body of more than ${most} octets`)
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > most) throw tooLarge
    pieces.push(piece)
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString())
  } catch {
    throw new HttpRefusal(400, 'the body is no JSON')
  }
}
