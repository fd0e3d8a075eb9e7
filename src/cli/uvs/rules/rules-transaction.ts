import type {
  Answer,
  Committed,
  Control,
  OperationName,
  Operations,
  PlannedChange,
  Request,
  RulesHolder,
  Staged,
} from '../../../control/protocol/api.js'
import { keepTransaction } from '../../keep-transaction.js'
import { refusalText } from '../../uvsadm/ask.js'
import { badLine, type Rule } from './parsed-rules.js'
import { inListedOrder } from '../plan-order.js'

/** Rules in one request: the control socket limits the length of a line. */
const CHUNK = 100
/** Characters of these rules' lines, for the same reason. */
const CHUNK_LENGTH = 16_000
/** Requests in flight: the next one is built while the director handles the others. */
const AHEAD = 3

/**
 * Opens a transaction when the first rules have come (a pipe may be slow, and an open transaction makes others wait), and
 * stages rules as they come. UsageError, with the line, for the first rule that is refused.
 */
export async function stageRules(control: Control, rules: AsyncIterable<Rule>): Promise<void> {
  const chunks = chunksOf(rules)
  const first = await chunks.next()
  await must(control, { op: 'begin' })
  const underWay: { chunk: readonly Rule[]; reply: Promise<Answer<Staged>> }[] = []
  const settle = async (): Promise<void> => {
    const { chunk, reply } = underWay.shift()!
    const { accepted, refused } = granted(await reply)
    const rule = chunk[accepted]
    if (!refused || !rule) return
    underWay.length = 0 // refusals of later requests do not count
    throw badLine(rule, refusalText(refused, rule.refusals))
  }
  const settleAll = async (): Promise<void> => {
    while (underWay.length > 0) await settle()
  }
  const stage = async (chunk: readonly Rule[]): Promise<void> => {
    const reply = control.call<'stage'>({ op: 'stage', requests: chunk.map(({ request }) => request) })
    reply.catch(() => {}) // it is awaited in its turn, unless an earlier one has failed
    underWay.push({ chunk, reply })
    if (underWay.length > AHEAD) await settle()
  }
  const letGo = keepTransaction(control)
  try {
    if (!first.done) await stage(first.value)
    for await (const chunk of chunks) await stage(chunk)
  } finally {
    letGo()
    await settleAll() // an earlier line that was refused is reported rather than this invalid one
  }
}

async function* chunksOf(rules: AsyncIterable<Rule>): AsyncGenerator<Rule[], void> {
  let chunk: Rule[] = []
  let length = 0
  try {
    for await (const rule of rules) {
      length += rule.words.reduce((sum, word) => sum + word.length, 0)
      if (chunk.push(rule) < CHUNK && length < CHUNK_LENGTH) continue
      yield chunk
      chunk = []
      length = 0
    }
  } catch (error) {
    if (chunk.length > 0) yield chunk
    throw error
  }
  if (chunk.length > 0) yield chunk
}

/** What a commit of the staged rules would do. */
export interface PlannedRules {
  /** In the order of a listing. */
  changes: PlannedChange[]
  holder: RulesHolder | undefined
}

export async function plannedRules(control: Control): Promise<PlannedRules> {
  const changes: PlannedChange[] = []
  let holder: RulesHolder | undefined
  for (let from: number | null = 0; from !== null;) {
    const page: Operations['plan']['value'] = await must(control, { op: 'plan', from })
    for (const change of page.rows) changes.push(change)
    holder = page.holder
    from = page.next
  }
  return { changes: inListedOrder(changes), holder }
}

/** Who sets the rules besides; a page past the first makes no plan. */
export async function rulesHolder(control: Control): Promise<RulesHolder | undefined> {
  const page: Operations['plan']['value'] = await must(control, { op: 'plan', from: 1 })
  return page.holder
}

export function commitRules(control: Control): Promise<Committed> {
  return must(control, { op: 'commit' })
}

async function must<O extends OperationName>(control: Control, request: Request<O>): Promise<Operations[O]['value']> {
  return granted(await control.call<O>(request))
}
function granted<T>(reply: Answer<T>): T {
  if (reply.ok) return reply.value
  throw new Error(reply.message)
}
