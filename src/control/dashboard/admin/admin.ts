import type { IncomingMessage, ServerResponse } from 'node:http'
import { isRuleChange, type Committed, type Reply, type Request } from '../../protocol/api.js'
import { HttpRefusal, readJson, sayJson, sayText } from '../answers.js'
import type { Events } from '../events.js'
import type { RulesWork } from '../rules-work.js'
import type { Commands } from './commands.js'
import { Drains } from './drains.js'
import { Plans, type Committing } from './plans.js'
import { Sessions, type Ways } from './sessions.js'

/* What changes something: each request by somebody who is known, each change told with who made it. */

/** Octets of a body: 60 000 rules. */
const RULES_MAX = 4 * 1024 * 1024
/** Of whoever has no token: a plan takes a CPU for a while. */
const READERS_RULES_MAX = 64 * 1024
const BODY_MAX = 4096

export interface AdminOptions {
  director: Committing
  work: RulesWork
  commands: Commands
  /** Without any nobody may change anything. */
  ways: Ways
  /** The director's log. */
  tell: (line: string) => void
}

export class Admin {
  readonly #sessions: Sessions | undefined
  readonly #hasCodes: boolean
  readonly #plans: Plans
  readonly #drains: Drains
  readonly #work: RulesWork
  readonly #commands: Commands
  readonly #events: Events
  readonly #tell: (line: string) => void

  constructor({ director, work, commands, ways, tell }: AdminOptions, events: Events) {
    this.#hasCodes = ways.codes !== undefined
    this.#sessions = ways.tokens || ways.codes ? new Sessions(ways) : undefined
    this.#plans = new Plans(director, work)
    this.#drains = new Drains(director, commands)
    this.#work = work
    this.#commands = commands
    this.#events = events
    this.#tell = tell
  }

  get drains(): Drains {
    return this.#drains
  }

  /** Who asks; undefined: somebody who may read. */
  async whoAsks(request: IncomingMessage): Promise<string | undefined> {
    return this.#sessions?.whoAsks(request)
  }

  /** `hasCodes`: `uvs dashboard login` gives out codes. */
  async session(
    request: IncomingMessage,
  ): Promise<{ admin: 'off' | 'locked' | 'open'; hasCodes?: true; who?: string }> {
    if (!this.#sessions) return { admin: 'off' }
    const who = await this.#sessions.whoAsks(request)
    if (who !== undefined) return { admin: 'open', who }
    return { admin: 'locked', ...(this.#hasCodes && { hasCodes: true }) }
  }

  async login(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sessions = this.#mustBeOn()
    const body = await readJson(request, BODY_MAX)
    try {
      const who = await sessions.begin(request, response, body)
      this.#told('login', 'logged in', who, request)
      sayJson(response, { admin: 'open', who })
    } catch (error) {
      if (error instanceof HttpRefusal && error.status === 403)
        this.#tell(`dashboard: a wrong token from ${from(request)}`)
      throw error
    }
  }

  async logout(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#mustBeOn().end(request, response)
    sayJson(response, { admin: 'locked' })
  }

  async plan(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const who = await this.whoAsks(request)
    const isKnown = who !== undefined
    const body = await readJson(request, isKnown ? RULES_MAX : READERS_RULES_MAX)
    sayText(response, await this.#plans.plan(body, isKnown))
  }

  async apply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const who = await this.#mustKnow(request)
    const { done, commands, changes } = await this.#plans.apply(await readJson(request, BODY_MAX))
    const more = changes > commands.length ? [`${changes - commands.length} more`] : []
    this.#told('rules', [...commands, ...more].join('; ') || 'nothing to do', who, request)
    sayJson(response, { message: changes === 1 ? '1 change made' : `${changes} changes made`, ...done })
  }

  async drain(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const who = await this.#mustKnow(request)
    const drain = await this.#drains.begin(await readJson(request, BODY_MAX), who)
    this.#told('drain', `drain ${drain.service} -r ${drain.server}`, who, request)
    sayJson(response, { id: drain.id })
  }

  async cancelDrain(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const who = await this.#mustKnow(request)
    const drain = this.#drains.cancel(await readJson(request, BODY_MAX))
    this.#told('drain', `stopped the drain of ${drain.service} -r ${drain.server}`, who, request)
    sayJson(response, { id: drain.id })
  }

  /** What came by the control socket and was done. */
  saw(request: Request, reply: Reply): void {
    const text = this.#textOf(request, reply)
    if (text !== undefined) this.#events.add('rules', text)
  }

  close(): void {
    this.#drains.close()
    this.#work.close()
  }

  #textOf(request: Request, reply: Reply): string | undefined {
    if (isRuleChange(request)) return this.#commands.lines([{ request, connections: 0 }])[0]
    if (request.op === 'flush' || request.op === 'reset') return `uvs: ${request.op}`
    if (request.op !== 'commit' || !reply.ok) return undefined
    const changes = Object.values((reply.value as Committed).changes).reduce((sum, count) => sum + count, 0)
    return `uvs apply: ${changes} changes`
  }

  #mustBeOn(): Sessions {
    if (this.#sessions) return this.#sessions
    throw new HttpRefusal(403, 'nothing can be changed here: the director was started without --http-admin')
  }

  async #mustKnow(request: IncomingMessage): Promise<string> {
    const who = await this.#mustBeOn().whoAsks(request)
    if (who === undefined) throw new HttpRefusal(401, 'log in first')
    return who
  }

  #told(kind: 'rules' | 'drain' | 'login', text: string, who: string, request: IncomingMessage): void {
    this.#events.add(kind, text, who)
    this.#tell(`dashboard: ${who} at ${from(request)}: ${text}`)
  }
}

function from({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '?'
}
