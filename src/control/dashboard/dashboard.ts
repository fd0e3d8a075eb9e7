import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { Site } from '../metrics/http.js'
import { Admin, type AdminOptions } from './admin/admin.js'
import { findConnections } from './connections.js'
import { Events } from './events.js'
import type { Control, Reply, Request } from '../protocol/api.js'
import { HttpRefusal, protect, readJson, sayJson, sayRefusal, sayText } from './answers.js'
import { Assets, isPage } from './assets.js'
import { hasTwoHosts, whyNotFromThere, whyNotThisHost } from './gate.js'
import { FleetReader } from './fleet-reader.js'
import type { FleetShown } from './fleet.js'
import { Live } from './live/live.js'
import { readService, readView } from './live/view.js'
import { Reads } from './reads.js'
import type { Linted, LintedService, RulesWork } from './rules-work.js'
import { readSettings, type Given } from './settings.js'
import { packageVersion } from '../../package-version.js'

/* 1. is it asked for by a host's name that is ours, and by our own page?       gate.ts
 * 2. a path without /api is a page or a file                                   assets.ts
 * 3. reading: one request of the control protocol, a search, or a tick a second  reads.ts, connections.ts, live/, rules-work.ts
 * 4. changing: a plan, and its carrying out by who has a token                 admin/ */

/** Octets of a body. */
const REQUEST_MAX = 64 * 1024
/** Work on many thousands of rules, in ms: it leaves the CPU to others. */
const WORK_MS = 120_000

export interface DashboardOptions {
  /** What is read. */
  control: Control
  /** Names of this host besides localhost (--http-host). */
  names: readonly string[]
  workers: number
  /** By whom and how something is changed. */
  admin: AdminOptions
  /** What the director was given and what it stands on. */
  given?: () => Given
  /** The fleet that it is in; undefined: none. */
  fleet?: () => Promise<FleetShown> | undefined
  /** Where the built pages are. */
  folder?: string
}

type Answer = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => Promise<void> | void

/** The pages of a director and what they ask. */
export class Dashboard implements Site {
  readonly #names: ReadonlySet<string>
  readonly #assets: Assets
  readonly #reads: Reads
  readonly #live: Live
  readonly #admin: Admin
  readonly #events: Events
  readonly #control: Control
  /** By 'METHOD path'. */
  readonly #api: Readonly<Record<string, Answer>>

  constructor(options: DashboardOptions, events = new Events()) {
    const { control, names, workers, admin, given, fleet = () => undefined, folder = FOLDER } = options
    this.#control = control
    this.#events = events
    this.#admin = new Admin(admin, events)
    this.#names = new Set(names.map(name => name.toLowerCase()))
    this.#assets = new Assets(folder)
    this.#reads = new Reads(control)
    this.#live = new Live(control, workers, { drains: this.#admin.drains, events })
    const of = this.#admin
    const seen = new FleetReader(fleet)
    this.#api = {
      'GET /api/session': async (request, response) =>
        sayJson(response, { ...(await of.session(request)), version: packageVersion() }),
      'GET /api/settings': async (_request, response) => sayJson(response, await readSettings(control, given)),
      'GET /api/lint': slow(async (_request, response, query) => sayJson(response, await readLint(admin.work, query))),
      'GET /api/fleet': async (_request, response) => sayJson(response, await seen.shown()),
      'GET /api/live': (request, response, query) => this.#live.join(request, response, readView(query)),
      'POST /api/read': (request, response) => this.#read(request, response),
      'POST /api/connections': (request, response) => this.#find(request, response),
      'POST /api/login': (request, response) => of.login(request, response),
      'POST /api/logout': (request, response) => of.logout(request, response),
      'POST /api/plan': slow((request, response) => of.plan(request, response)),
      'POST /api/apply': slow((request, response) => of.apply(request, response)),
      'POST /api/drain': (request, response) => of.drain(request, response),
      'POST /api/drain/cancel': (request, response) => of.cancelDrain(request, response),
    }
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    protect(response)
    try {
      await this.#route(request, response)
    } catch (error) {
      if (response.headersSent) throw error
      const refusal = error instanceof HttpRefusal ? error : new HttpRefusal(503, (error as Error).message)
      sayRefusal(request, response, refusal)
    }
  }

  /** Told of each request of the control socket, so that a page's reader sees what others changed. */
  saw(request: Request, reply: Reply): void {
    if (reply.ok) this.#admin.saw(request, reply)
  }

  /** Told of what a keepalived.conf's checks and virtual routers came to. */
  happened(kind: 'vrrp' | 'health', text: string): void {
    this.#events.add(kind, text)
  }

  close(): void {
    this.#live.close()
    this.#admin.close()
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    if (!path.startsWith('/')) throw new HttpRefusal(400, 'no path')
    if (hasTwoHosts(request)) throw new HttpRefusal(400, 'more than one Host')
    const why = whyNotThisHost(request, this.#names)
    if (why !== undefined) throw new HttpRefusal(403, why)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const isApi = path.startsWith('/api/')
    const whyNot = isRead && !isApi && isPage(path) ? undefined : whyNotFromThere(request)
    if (whyNot !== undefined) throw new HttpRefusal(403, whyNot)
    if (isApi) return this.#answerApi(request, response, path, new URLSearchParams(query))
    if (!isRead) return notAllowed(response, 'GET, HEAD')
    this.#assets.answer(request, response, path)
  }

  async #answerApi(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): Promise<void> {
    const name = `${request.method} ${path}`
    if (Object.hasOwn(this.#api, name)) return this.#api[name]!(request, response, query)
    const allowed = ['GET', 'POST'].filter(method => Object.hasOwn(this.#api, `${method} ${path}`))
    if (allowed.length > 0) return notAllowed(response, allowed.join(', '))
    throw new HttpRefusal(404, 'there is no such path below /api')
  }

  async #read(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request, REQUEST_MAX)
    const client = request.headers['x-uvs-client']
    const isKnown = (await this.#admin.whoAsks(request)) !== undefined
    sayText(response, await this.#reads.answer(body, typeof client === 'string' ? client : undefined, isKnown))
  }

  async #find(request: IncomingMessage, response: ServerResponse): Promise<void> {
    sayJson(response, await findConnections(this.#control, await readJson(request, REQUEST_MAX)))
  }
}

/** Of what may take longer than other answers: the connection may be silent so long. How long a request takes to come is bounded otherwise. */
function slow(answer: Answer): Answer {
  return (request, response, query) => {
    response.setTimeout(WORK_MS)
    return answer(request, response, query)
  }
}

/** Of all services in short, or of one what is found. */
function readLint(work: RulesWork, query: URLSearchParams): Promise<Linted | LintedService> {
  const service = query.get('service')
  return service === null ? work.lint() : work.lint(readService(service))
}

/** From where tsc puts this file: dist/src/control/dashboard. */
const FOLDER = fileURLToPath(new URL('../../../web', import.meta.url))

function notAllowed(response: ServerResponse, allowed: string): void {
  response.setHeader('allow', allowed)
  throw new HttpRefusal(405, `${allowed} only`)
}
