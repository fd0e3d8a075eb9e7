import type { Answer, Committed, Control, PlannedChange } from '../../protocol/api.js'
import { isFields } from '../../protocol/check.js'
import { HttpRefusal } from '../answers.js'
import type { RulesWork, Wanted } from '../rules-work.js'

/* 1. a plan: on a trial director the rules that there are, upon them the lines; what differs is said     uvs plan
 * 2. it is carried out whole or not at all, if the rules are still those that it was made for              uvs apply */

const LINES_MAX = 10_000
const FLOWS_MAX = 10_000
/** The least time between two plans of readers who may carry out none, in ms. */
const PAUSE_MS = 1000

/** The rules' transactions, of control/rules/. */
export interface Committing extends Control {
  commitPlanned(changes: () => Promise<PlannedChange[][]>): Promise<Answer<Committed>>
}

export interface Applied {
  done: Committed
  /** The first of them, and how many there are. */
  commands: string[]
  changes: number
}

export class Plans {
  readonly #director: Committing
  readonly #work: RulesWork
  /** What the thread of rules works at: one plan, made or carried out, at a time. */
  #busy: Promise<unknown> | undefined
  #freeAt = -Infinity

  constructor(director: Committing, work: RulesWork) {
    this.#director = director
    this.#work = work
  }

  /** Its JSON. `isKept`: it may be carried out. */
  async plan(body: unknown, isKept: boolean): Promise<string> {
    const wanted = readBody(body, isKept)
    if (this.#busy || (!isKept && performance.now() < this.#freeAt))
      throw new HttpRefusal(429, 'another plan is being made', 1)
    try {
      return await this.#alone(this.#work.plan(wanted))
    } finally {
      this.#freeAt = performance.now() + PAUSE_MS
    }
  }

  /** Returns what was changed. */
  async apply(body: unknown): Promise<Applied> {
    const id = isFields(body) && typeof body['id'] === 'string' ? body['id'] : ''
    // Not while others who change rules wait: a reader's plan may take long.
    while (this.#busy) await this.#busy.catch(() => {})
    return this.#alone(this.#carryOut(id))
  }

  async #carryOut(id: string): Promise<Applied> {
    const groups: PlannedChange[][] = []
    let told = { commands: [] as string[], changes: 0 }
    const reply = await this.#director.commitPlanned(async () => {
      for (let from: number | null = 0; from !== null;) {
        const { groups: part, next, commands, changes } = await this.#work.take(id, from)
        groups.push(...part)
        told = { commands, changes }
        from = next
      }
      return groups
    })
    if (!reply.ok) throw new HttpRefusal(422, reply.message)
    return { done: reply.value, ...told }
  }

  async #alone<T>(work: Promise<T>): Promise<T> {
    this.#busy = work
    try {
      return await work
    } finally {
      this.#busy = undefined
    }
  }
}

function readBody(body: unknown, isKept: boolean): Wanted {
  const { lines, rules, flows = 0 } = isFields(body) ? body : {}
  if (!Number.isInteger(flows) || Number(flows) < 0 || Number(flows) > FLOWS_MAX)
    throw new HttpRefusal(400, `flows: not an integer from 0 to ${FLOWS_MAX}`)
  const more = { flows: Number(flows), isKept }
  if (typeof rules === 'string' && lines === undefined) return { text: rules, isWhole: true, ...more }
  const isLines = Array.isArray(lines) && lines.length <= LINES_MAX && lines.every(line => typeof line === 'string')
  if (!isLines || rules !== undefined)
    throw new HttpRefusal(400, `lines: not a list of at most ${LINES_MAX} texts, or rules: not a text`)
  return { text: (lines as string[]).map(withoutCommand).join('\n'), isWhole: false, ...more }
}

/** A line may be written as a command. */
function withoutCommand(line: string): string {
  return line.replaceAll('\n', ' ').replace(/^\s*(uvsadm|ipvsadm)\s+/, '')
}
