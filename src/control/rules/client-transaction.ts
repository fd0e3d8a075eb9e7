import type { Director } from '../../director/director.js'
import { allServices } from '../protocol/all-services.js'
import type {
  Answer,
  Committed,
  Control,
  OperationName,
  PlannedChange,
  PlanPage,
  Reply,
  Request,
  RulesHolder,
  ServiceInfo,
} from '../protocol/api.js'
import { execute, localControl } from '../operations/execute.js'
import { Shares } from './shares.js'

/** The most rules of a transaction: some 100 MB. */
const STAGED_MAX = 500_000
/** How long a transaction may be idle while others wait. */
const IDLE_MS = 10_000
/** Changes in one page of a plan. */
const PLAN_PAGE = 256

/** The director whose rules the transactions change. */
export interface TransactionTarget extends Control {
  /** The changes that would make the services the desired ones. */
  plan(desired: readonly ServiceInfo[]): Promise<Answer<PlannedChange[][]>>
  /** Makes the services the desired ones, or changes nothing and returns the refusal. */
  commit(desired: () => Promise<Answer<ServiceInfo[]>>): Promise<Answer<Committed>>
}

interface Open {
  /** Has the staged rules and handles no frames. */
  readonly trial: Director
  staged: number
  /** The changes as of the last request for the plan's first page. */
  plan: readonly PlannedChange[]
  /** Lets the next transaction begin. */
  end(): void
}

/** A client's control of the director: all operations, and its transaction. */
export class ClientTransaction implements Control {
  readonly #target: TransactionTarget
  readonly #makeTrial: () => Director
  readonly #turn: () => Promise<() => void>
  readonly #holder: RulesHolder | undefined
  #open: Open | undefined
  #isClosed = false
  #idle: NodeJS.Timeout | undefined

  constructor(
    target: TransactionTarget,
    makeTrial: () => Director,
    turn: () => Promise<() => void>,
    holder?: RulesHolder,
  ) {
    this.#target = target
    this.#makeTrial = makeTrial
    this.#turn = turn
    this.#holder = holder
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    const answered = this.#ofTransaction(request as Request) ?? this.#target.call(request)
    return (await answered) as Reply<O>
  }
  /** The staged services; none without a transaction. */
  staged(): Promise<Answer<ServiceInfo[]>> {
    return this.#open ? desiredOf(this.#open) : Promise.resolve({ ok: true, value: [] })
  }
  /** The client has gone: ends its transaction. */
  close(): void {
    this.#isClosed = true
    this.#giveUp()
  }

  /** Returns undefined for a request that is no transaction's. */
  #ofTransaction(request: Request): Promise<Reply> | undefined {
    switch (request.op) {
      case 'begin':
        return this.#begin()
      case 'stage':
        return this.#with(open => stage(open, request))
      case 'plan':
        return this.#with(open => this.#plan(open, request.from))
      case 'commit':
        return this.#with(open => this.#commit(open))
      default:
        return undefined
    }
  }
  async #begin(): Promise<Reply<'begin'>> {
    if (this.#open) return { ok: false, refusal: 'EEXIST', message: 'a transaction is open already' }
    const end = await this.#turn()
    if (this.#isClosed) {
      end()
      return NONE_OPEN
    }
    this.#open = { trial: this.#makeTrial(), staged: 0, plan: [], end }
    this.#expectMore()
    return { ok: true, value: null }
  }
  /** Answers a request of the open transaction. Meanwhile the idle time does not run. */
  async #with(answer: (open: Open) => Promise<Reply>): Promise<Reply> {
    const open = this.#open
    if (!open) return NONE_OPEN
    clearTimeout(this.#idle)
    try {
      return await answer(open)
    } finally {
      if (this.#open === open) this.#expectMore()
    }
  }
  async #plan(open: Open, from: number): Promise<Reply<'plan'>> {
    if (from === 0) {
      const desired = await desiredOf(open)
      const plan = desired.ok ? await this.#target.plan(desired.value) : desired
      if (!plan.ok) return plan
      open.plan = plan.value.flat()
    }
    const end = from + PLAN_PAGE
    const next = end < open.plan.length ? end : null
    const page: PlanPage = {
      rows: open.plan.slice(from, end),
      ...(this.#holder && { holder: this.#holder }),
      next,
    }
    return { ok: true, value: page }
  }
  async #commit(open: Open): Promise<Reply<'commit'>> {
    try {
      return await this.#target.commit(() => desiredOf(open))
    } finally {
      this.#giveUp()
    }
  }

  #expectMore(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#giveUp(), IDLE_MS)
    this.#idle.unref()
  }
  #giveUp(): void {
    clearTimeout(this.#idle)
    this.#open?.end()
    this.#open = undefined
  }
}

const NONE_OPEN = {
  ok: false,
  refusal: 'ENOENT',
  message: 'no transaction is open: it begins with begin, and ends when 10 seconds pass without a request',
} as const

function desiredOf({ trial }: Open): Promise<Answer<ServiceInfo[]>> {
  return allServices(new Shares().over(localControl(trial)))
}

/** Stages rules one by one, up to the first that is refused. */
async function stage(open: Open, { requests }: Request<'stage'>): Promise<Reply<'stage'>> {
  if (open.staged + requests.length > STAGED_MAX)
    return { ok: false, refusal: 'ENOMEM', message: `a transaction takes ${STAGED_MAX} rules at the most` }
  open.staged += requests.length
  for (const [accepted, request] of requests.entries()) {
    const reply = execute(open.trial, request)
    if (reply.ok) continue
    const { refusal, message } = reply
    return { ok: true, value: { accepted, refused: { refusal, message } } }
  }
  return { ok: true, value: { accepted: requests.length } }
}
