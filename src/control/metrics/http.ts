import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Control } from '../protocol/api.js'
import { reasonOf } from '../../linux/error-text.js'
import { within, type Metrics } from './metrics.js'

/* 1. a client connects; beyond CLIENTS_MAX the one silent longest is disconnected
 * 2. its request must be short and arrive in time; who sends many without awaiting answers is disconnected
 * 3. GET and HEAD of /metrics and /healthz are answered; any other path is the site's, or 404
 * 4. a client that does not read its response in time is disconnected
 * So a client costs no more than its share of one collection. */

const CLIENTS_MAX = 32
/** With a site: browsers hold some connections each. */
const CLIENTS_MAX_OF_SITE = 160
const HEADERS_MAX = 8192
/** Requests of a connection that are not answered yet: what is answered to those behind them would be kept in memory. */
const UNANSWERED_MAX = 8
/**
 * Limits in ms: for the request's headers, for the whole request, without a byte in either direction, for reading a
 * response.
 */
const HEADERS_MS = 5000
const REQUEST_MS = 10_000
const SILENT_MS = 10_000
const ANSWER_MS = 60_000
/** How long an idle connection is kept, in ms: longer than most scrape intervals. */
const KEPT_MS = 65_000
const HEALTHY_MS = 1000

/** Who sends its request and closes its side, as `nc -N`, is answered too. Node's types do not have it. */
const ANSWERS_HALF_CLOSED = { httpAllowHalfOpen: true }

const NOT_THERE = 'only /metrics and /healthz are here\n'
const TEXT = 'text/plain; charset=utf-8'

/** Limits that tests shorten. */
export interface HttpLimits {
  headersMs?: number
  silentMs?: number
}

/** What is served at all other paths. */
export interface Site {
  /** Rejects if the client went away. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
  close(): void
}

/** Serves /metrics and /healthz, and a site beside them, until closed. Error of one line if it cannot listen. */
export async function serveHttp(
  at: { host: string; port: number },
  control: Control,
  metrics: Metrics,
  { headersMs = HEADERS_MS, silentMs = SILENT_MS }: HttpLimits = {},
  site?: Site,
): Promise<{ port: number; close(): Promise<void> }> {
  const limits = {
    maxHeaderSize: HEADERS_MAX,
    headersTimeout: headersMs,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEPT_MS,
    connectionsCheckingInterval: headersMs / 4,
  }
  const server = createServer(limits, (request, response) => {
    if (request.socket.destroyed) return
    answer(request, response, { control, metrics, site }).catch(() => response.destroy()) // the client went away
  })
  Object.assign(server, ANSWERS_HALF_CLOSED)
  boundClients(server, site ? CLIENTS_MAX_OF_SITE : CLIENTS_MAX)
  server.timeout = silentMs
  await listen(server, at)
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : at.port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        site?.close()
        server.closeAllConnections()
      }),
  }
}

/** Beyond `most` a new connection replaces a silent one; if all are being answered, the new one is closed. */
function boundClients(server: Server, most: number): void {
  let clients = 0
  const silent = new Set<Socket>()
  server.on('connection', socket => {
    clients++
    if (clients > most) (silent.values().next().value ?? socket).destroy()
    silent.add(socket)
    socket.once('close', () => {
      clients--
      silent.delete(socket)
    })
  })
  const unanswered = new WeakMap<Socket, number>()
  const count = (socket: Socket, by: 1 | -1): number => {
    const now = (unanswered.get(socket) ?? 0) + by
    unanswered.set(socket, now)
    return now
  }
  // Before what answers: what is disconnected here is not answered there.
  server.prependListener('request', ({ socket }, response) => {
    silent.delete(socket)
    if (count(socket, 1) > UNANSWERED_MAX) socket.destroy()
    response.once('close', () => {
      if (count(socket, -1) === 0 && !socket.destroyed) silent.add(socket)
    })
  })
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    // also later, if accept fails (too many files): that client is disconnected
    server.on('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`--http: cannot listen on ${host}:${port}: ${reasonOf(error)}`)),
    )
    server.listen(port, host, resolve)
  })
}

/** The site would answer a probe there with a page, and 200, whatever the director does. */
const BELOW = /^\/(metrics|healthz)\//

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { control, metrics, site }: { control: Control; metrics: Metrics; site: Site | undefined },
): Promise<void> {
  const path = request.url?.split('?')[0] ?? ''
  if (path !== '/metrics' && path !== '/healthz')
    return site && !BELOW.test(path) ? site.answer(request, response) : say(response, 404, NOT_THERE)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return say(response, 405, 'GET and HEAD only\n')
  }
  try {
    if (path === '/metrics') return await sendMetrics(response, metrics)
    await within(HEALTHY_MS, healthy(control))
    say(response, 200, 'ok\n')
  } catch (error) {
    if (response.headersSent) throw error
    say(response, 503, `${(error as Error).message}\n`)
  }
}

/** Rejects with the data plane's refusal. Uses the cheapest request. */
async function healthy(control: Control): Promise<void> {
  const reply = await control.call({ op: 'timeouts' })
  if (!reply.ok) throw new Error(reply.message)
}

async function sendMetrics(response: ServerResponse, metrics: Metrics): Promise<void> {
  const { contentType, pieces } = await metrics.collect()
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  response.writeHead(200, { 'content-type': contentType, 'content-length': length })
  const deadline = setTimeout(() => response.destroy(), ANSWER_MS).unref()
  response.once('close', () => clearTimeout(deadline))
  for (const piece of pieces) {
    if (!response.write(piece)) await drained(response)
    if (response.destroyed) return
  }
  response.end()
}

/** Resolves when there is room for more, or the client has gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': TEXT, 'content-length': Buffer.byteLength(text) }).end(text)
}
