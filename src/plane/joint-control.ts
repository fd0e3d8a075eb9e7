/*
 * Several workers with the same rules, asked as if they were one.
 * 1. the steering is told of addresses that a change brings
 * 2. the first worker is asked; what it refuses, nobody is asked any more
 * 3. the others are asked, in the order in which the first one answered: so every change and every listing has the same place
 *    among the others in every worker
 * 4. the steering is told of addresses that have gone; answers are made one (merge.ts)
 * A page of connections is one worker's: the place where it starts names the worker.
 */
import {
  type Answer,
  type DirectorFigures,
  type OperationName,
  type Operations,
  type Reply,
  type Request,
  type ServiceFiguresPage,
  type ServicePage,
  type TotalsInfo,
} from '../control/protocol/api.js'
import { mergeFigures, mergeServiceFigures, mergeServices, mergeTotals, mergeVerdicts } from './merge.js'
import { SystemError } from '../linux/libc.js'
import type { AddressChange, SteeredAddresses } from './steered-addresses.js'
import type { TextControl } from '../control/protocol/text-control.js'

/** Places in a worker's connection table are below it. */
const WORKER_STEP = 2 ** 32

/** What all workers know alike. */
const ASKED_OF_ONE: readonly OperationName[] = ['timeouts', 'sysctls', 'begin', 'stage', 'plan', 'commit']

export class JointControl implements TextControl {
  readonly #workers: readonly TextControl[]
  readonly #report: (problem: string) => void
  readonly #addresses: SteeredAddresses | undefined
  /** A reset that is not through: counts that the workers share are nobody's until all have forgotten them. */
  #resetting: Promise<unknown> | undefined

  /** `report` is told in a line should workers not agree; `addresses` keeps the steering of frames up to date. */
  constructor(workers: readonly TextControl[], report: (problem: string) => void, addresses?: SteeredAddresses) {
    this.#workers = workers
    this.#report = report
    this.#addresses = addresses
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    return JSON.parse(await this.callText(request)) as Reply<O>
  }

  async callText(request: Request): Promise<string> {
    while (this.#resetting) await this.#resetting
    if (request.op === 'connections' || request.op === 'end-connections') return this.#page(request)
    if (ASKED_OF_ONE.includes(request.op)) return this.#workers[0]!.callText(request)
    const asked = this.#inTurn(request)
    if (request.op !== 'reset') return asked
    this.#resetting = asked
    void asked.finally(() => (this.#resetting = undefined)).catch(() => {})
    return asked
  }

  async #inTurn(request: Request): Promise<string> {
    const [first, ...others] = this.#workers as [TextControl, ...TextControl[]]
    let addresses: AddressChange | undefined
    try {
      addresses = this.#addresses?.change(request)
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
      return JSON.stringify({ ok: false, refusal: 'ENOMEM', message: error.message })
    }
    const text = await first.callText(request)
    const reply = JSON.parse(text) as Reply
    if (!reply.ok) {
      addresses?.end(reply)
      return text
    }
    const rest = (await Promise.all(others.map(worker => worker.callText(granted(request, reply))))).map(
      json => JSON.parse(json) as Reply,
    )
    addresses?.end(reply)
    for (const each of rest) if (!each.ok) return this.#disagreement(request, each)
    for (const each of rest.flatMap(refusedOfBatch(request))) this.#disagreement(request, each)
    return JSON.stringify({ ok: true, value: merged(request, [reply, ...rest]) })
  }

  /** It should not be: the same requests in the same order. A scheduler of the user's may do it. */
  #disagreement({ op }: Request, refused: Reply & { ok: false }): string {
    if (refused.message !== STOPPED) this.#report(`workers do not agree: ${op} was refused by some: ${refused.message}`)
    return JSON.stringify(refused)
  }

  async #page(request: Request<'connections' | 'end-connections'>): Promise<string> {
    const index = Math.floor(request.from / WORKER_STEP)
    const worker = this.#workers[index]
    if (!worker) return this.#workers[0]!.callText({ ...request, from: LAST_PLACE })
    const text = await worker.callText({ ...request, from: request.from % WORKER_STEP })
    const reply = JSON.parse(text) as Reply<'connections' | 'end-connections'>
    if (!reply.ok) return text
    const { next } = reply.value
    const place = next === null ? (index + 1) * WORKER_STEP : index * WORKER_STEP + next
    return JSON.stringify({
      ok: true,
      value: { ...reply.value, next: place < this.#workers.length * WORKER_STEP ? place : null },
    })
  }
}

const STOPPED = 'the director has stopped'
/** Behind all there is: nothing is told of it, and nothing comes behind it. */
const LAST_PLACE = Number.MAX_SAFE_INTEGER

/** The request for those who come after the first: of a batch, what it has not refused. */
function granted(request: Request, reply: Reply & { ok: true }): Request {
  if (request.op !== 'batch') return request
  const answers = reply.value as Answer<null>[]
  return { ...request, requests: request.requests.filter((_, i) => answers[i]!.ok) }
}

/** In a worker that comes after the first. */
function refusedOfBatch({ op }: Request): (reply: Reply) => (Reply & { ok: false })[] {
  return reply => (op === 'batch' && reply.ok ? (reply.value as Answer<null>[]).filter(each => !each.ok) : [])
}

function merged({ op }: Request, replies: readonly Reply[]): Operations[OperationName]['value'] {
  const values = replies.map(reply => (reply as { value: unknown }).value)
  switch (op) {
    case 'services':
      return mergeServices(values as ServicePage[])
    case 'totals':
      return mergeTotals(values as TotalsInfo[])
    case 'verdicts':
      return mergeVerdicts(values as Record<string, number>[])
    case 'figures':
      return mergeFigures(values as DirectorFigures[])
    case 'service-figures':
      return mergeServiceFigures(values as ServiceFiguresPage[])
    default:
      return values[0] as Operations[OperationName]['value']
  }
}
