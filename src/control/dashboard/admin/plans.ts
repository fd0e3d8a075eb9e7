import { createHash, randomBytes } from 'node:crypto'
import { setImmediate as letPacketsPass } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Director } from '../../../director/director.js'
import { execute, localControl } from '../../operations/execute.js'
import { allServices } from '../../protocol/all-services.js'
import type { Answer, Committed, Control, PlannedChange, ServiceInfo } from '../../protocol/api.js'
import { isFields } from '../../protocol/check.js'
import { diff } from '../../rules/diff.js'
import { HttpRefusal } from '../answers.js'
import type { Commands } from './commands.js'

/* 1. a plan: on a trial director the rules that there are, upon them the lines; what differs is said     uvs plan
 * 2. it is carried out whole or not at all, if the rules are still those that it was made for              uvs apply */

/** Plans that wait to be carried out, each as large as the rules; in ms, how long. */
const PLANS_MAX = 4
const KEPT_MS = 10 * 60_000
const LINES_MAX = 10_000
/** The least time between two plans of readers who may carry out none, in ms. */
const PAUSE_MS = 1000
/** Rules are tried so long without a pause, in ms. */
const STRETCH_MS = 5

/** The rules' transactions, of control/rules/. */
export interface Committing extends Control {
  commit(desired: () => Promise<Answer<ServiceInfo[]>>): Promise<Answer<Committed>>
}

export interface Planned {
  /** Not there: who asked may not carry it out. */
  id?: string
  text: string
  commands: string[]
  changes: number
  /** Of the real servers that it touches. */
  connections: number
}

interface Kept {
  of: string
  desired: ServiceInfo[]
  commands: string[]
}

export class Plans {
  readonly #director: Committing
  readonly #makeTrial: () => Director
  readonly #commands: Commands
  readonly #kept = new LRUCache<string, Kept>({ max: PLANS_MAX, ttl: KEPT_MS })
  #isBusy = false
  #freeAt = -Infinity

  constructor(director: Committing, makeTrial: () => Director, commands: Commands) {
    this.#director = director
    this.#makeTrial = makeTrial
    this.#commands = commands
  }

  /** `isKept`: it may be carried out. */
  async plan(body: unknown, isKept: boolean): Promise<Planned> {
    const { text, isWhole } = readBody(body)
    if (this.#isBusy || (!isKept && performance.now() < this.#freeAt))
      throw new HttpRefusal(429, 'another plan is being made', 1)
    this.#isBusy = true
    try {
      return await this.#plan(text, isWhole, isKept)
    } finally {
      this.#isBusy = false
      this.#freeAt = performance.now() + PAUSE_MS
    }
  }

  /** Returns what was changed. */
  async apply(body: unknown): Promise<{ done: Committed; commands: string[] }> {
    const id = isFields(body) && typeof body['id'] === 'string' ? body['id'] : ''
    const plan = this.#kept.get(id)
    if (!plan) throw new HttpRefusal(404, 'there is no such plan: it was carried out, or is older than ten minutes')
    this.#kept.delete(id)
    let isOld = false
    const reply = await this.#director.commit(async () => {
      const now = await allServices(this.#director)
      if (!now.ok) return now
      isOld = fingerprint(now.value) !== plan.of
      return isOld ? { ok: false, refusal: 'EBUSY', message: '' } : { ok: true, value: plan.desired }
    })
    if (isOld) throw new HttpRefusal(409, 'the rules have changed since this plan was made: make it again')
    if (!reply.ok) throw new HttpRefusal(422, reply.message)
    return { done: reply.value, commands: plan.commands }
  }

  async #plan(text: string, isWhole: boolean, isKept: boolean): Promise<Planned> {
    const current = await allServices(this.#director)
    if (!current.ok) throw new HttpRefusal(503, current.message)
    const trial = this.#makeTrial()
    if (!isWhole) for (const { request } of diff([], current.value).flat()) execute(trial, request)
    await this.#stage(trial, text)
    const desired = await allServices(localControl(trial))
    if (!desired.ok) throw new HttpRefusal(503, desired.message)
    const changes = diff(current.value, desired.value).flat()
    const commands = this.#commands.lines(changes)
    const said = {
      text: this.#commands.planText(changes),
      commands,
      changes: changes.length,
      connections: touched(changes),
    }
    if (!isKept) return said
    const id = randomBytes(12).toString('base64url')
    this.#kept.set(id, { of: fingerprint(current.value), desired: desired.value, commands })
    return { id, ...said }
  }

  async #stage(trial: Director, text: string): Promise<void> {
    let since = performance.now()
    try {
      for await (const rule of this.#commands.parse(text)) {
        const reply = execute(trial, rule.request)
        if (!reply.ok) throw rule.refused(reply)
        if (performance.now() - since < STRETCH_MS) continue
        await letPacketsPass()
        since = performance.now()
      }
    } catch (error) {
      throw new HttpRefusal(400, (error as Error).message)
    }
  }
}

function readBody(body: unknown): { text: string; isWhole: boolean } {
  const { lines, rules } = isFields(body) ? body : {}
  if (typeof rules === 'string' && lines === undefined) return { text: rules, isWhole: true }
  const isLines = Array.isArray(lines) && lines.length <= LINES_MAX && lines.every(line => typeof line === 'string')
  if (!isLines || rules !== undefined)
    throw new HttpRefusal(400, `lines: not a list of at most ${LINES_MAX} texts, or rules: not a text`)
  return { text: (lines as string[]).map(withoutCommand).join('\n'), isWhole: false }
}

/** A line may be written as a command. */
function withoutCommand(line: string): string {
  return line.replaceAll('\n', ' ').replace(/^\s*(uvsadm|ipvsadm)\s+/, '')
}

/** The same for the same rules, in whatever order; counters do not count. */
function fingerprint(services: readonly ServiceInfo[]): string {
  const rules = diff([], services)
    .map(changes => JSON.stringify(changes.map(({ request }) => request)))
    .sort()
  return createHash('sha256').update(rules.join('\n')).digest('base64')
}

function touched(changes: readonly PlannedChange[]): number {
  return changes.reduce((sum, { connections }) => sum + connections, 0)
}
