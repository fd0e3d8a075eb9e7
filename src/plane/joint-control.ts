/*
 * Several workers with the same rules behind one Control.
 * 1. addresses that a change adds are added to the steering
 * 2. the first worker gets the request; if it refuses, no other worker gets it
 * 3. the others get it, in the order of the first one's replies: so all workers carry out changes and listings in the same order
 * 4. addresses that a change removed are removed from the steering; values are merged (the operation's `merge`)
 * A page of connections is one worker's. Its start names the worker.
 */
import { OPERATIONS, type PagedOperation } from '../control/operations/index.js'
import type { Operation } from '../control/operations/operation.js'
import type { Control } from '../control/protocol/control.js'
import type { OperationName, Reply, Request } from '../control/protocol/operations.js'
import type { RefusedReply } from '../control/protocol/refusal.js'
import { SystemError } from '../linux/libc.js'
import type { AddressChange, SteeredAddresses } from './steered-addresses.js'

/** Page starts of worker n are n × WORKER_STEP plus its own. */
const WORKER_STEP = 2 ** 32

export class JointControl implements Control {
  readonly #workers: readonly Control[]
  readonly #report: (problem: string) => void
  readonly #addresses: SteeredAddresses | undefined
  /** An `isAlone` request in progress. */
  #alone: Promise<unknown> | undefined

  /** `report` is told, in a line, if workers disagree. `addresses` keeps the steering of frames up to date. */
  constructor(workers: readonly Control[], report: (problem: string) => void, addresses?: SteeredAddresses) {
    this.#workers = workers
    this.#report = report
    this.#addresses = addresses
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    while (this.#alone) await this.#alone
    return (await this.#ask(request as Request)) as Reply<O>
  }

  #ask(request: Request): Promise<Reply> {
    const operation = OPERATIONS[request.op] as Operation
    if (operation.workers === 'page') return this.#page(request as PagedRequest)
    if (operation.workers === 'first') return this.#workers[0]!.call(request)
    const asked = this.#inTurn(request, operation)
    if (!operation.isAlone) return asked
    this.#alone = asked
    void asked.finally(() => (this.#alone = undefined)).catch(() => {})
    return asked
  }

  async #inTurn(request: Request, { granted, merge, refusals }: Operation): Promise<Reply> {
    const [first, ...others] = this.#workers as [Control, ...Control[]]
    let addresses: AddressChange | undefined
    try {
      addresses = this.#addresses?.change(request)
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
      return { ok: false, refusal: 'ENOMEM', message: error.message }
    }
    const reply = await first.call(request)
    if (!reply.ok) {
      addresses?.end(reply)
      return reply
    }
    const forOthers = granted ? granted(request, reply.value) : request
    const replies: Reply[] = [reply, ...(await Promise.all(others.map(worker => worker.call(forOthers))))]
    addresses?.end(reply)
    const refused = replies.find(each => !each.ok)
    if (refused) return this.#disagreement(request, refused)
    const values = replies.map(each => (each as Reply & { ok: true }).value)
    for (const each of values.slice(1).flatMap(value => refusals?.(value) ?? [])) this.#disagreement(request, each)
    return merge ? { ok: true, value: merge(values) } : reply
  }

  /**
   * Reports that a worker refused what the first one carried out. Only a user's scheduler can cause it: requests and order are
   * the same.
   */
  #disagreement({ op }: Request, refused: RefusedReply): RefusedReply {
    if (refused.message !== STOPPED) this.#report(`workers do not agree: ${op} was refused by some: ${refused.message}`)
    return refused
  }

  async #page(request: PagedRequest): Promise<Reply> {
    const index = Math.floor(request.from / WORKER_STEP)
    const worker = this.#workers[index]
    if (!worker) return this.#workers[0]!.call({ ...request, from: LAST_PLACE })
    const reply = await worker.call({ ...request, from: request.from % WORKER_STEP })
    if (!reply.ok) return reply
    const { next } = reply.value
    const place = next === null ? (index + 1) * WORKER_STEP : index * WORKER_STEP + next
    return { ok: true, value: { ...reply.value, next: place < this.#workers.length * WORKER_STEP ? place : null } }
  }
}

type PagedRequest = Request<PagedOperation>

const STOPPED = 'the director has stopped'
/** A page start behind all rows: the page is empty and the last one. */
const LAST_PLACE = Number.MAX_SAFE_INTEGER
