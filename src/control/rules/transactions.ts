import type { Director } from '../../director/director.js'
import { OPERATIONS } from '../operations/index.js'
import type { Operation } from '../operations/operation.js'
import { allServices } from '../protocol/all-services.js'
import {
  BATCH_MAX,
  type Answer,
  type Committed,
  type Control,
  type OperationName,
  type PlannedChange,
  type RefusedReply,
  type Reply,
  type Request,
  type RuleChange,
  type RulesHolder,
  type ServiceInfo,
  type ServiceKey,
} from '../protocol/api.js'
import { messageOf } from '../../linux/error-text.js'
import { diffInShares } from './diff.js'
import { fit, type Fitted } from './fit.js'
import { Mutex } from './mutex.js'
import { ClientTransaction, type TransactionTarget } from './client-transaction.js'

/** Batches sent before the first of them is answered, so that this thread and the data plane's both keep working. */
const UNDER_WAY = 3

/** What `commitPart` is about. */
export interface PartOfRules {
  /** Whether a service is of the part. */
  readonly isIn: (service: ServiceKey) => boolean
  /** Only these of the part's services change: no others are looked at. */
  readonly keys?: readonly ServiceKey[]
  /** What is to be of the part, or of `keys`. */
  readonly desired: readonly ServiceInfo[]
  /** Told what was there before. */
  readonly seen: (before: readonly ServiceInfo[]) => void
}

interface CarryOutOptions {
  /** Done at the end; if it throws, all is undone. */
  readonly follow?: () => void
  readonly read?: () => Promise<Answer<ServiceInfo[]>>
  readonly isPart?: boolean
}

/** Told whose rules change, when it is done. Undefined: all services'. */
export interface RulesWatch {
  /** They are others now, or may be. */
  changed(services: readonly ServiceKey[] | undefined): void
  /** They are what `commitPart` was to make of them; undefined: all of the part. `changed` is not told of it then. */
  made(services: readonly ServiceKey[] | undefined): void
}

/**
 * A director whose rules can be changed by transactions, each whole or not at all. A transaction stages the desired rules on a
 * trial director, which refuses a bad rule before anything is changed. Then the difference is carried out in batches, between
 * which frames are handled. If a change is refused after all, the changes so far are undone.
 */
export class Transactions implements TransactionTarget {
  readonly #director: Control
  readonly #makeTrial: () => Director
  readonly #holder: RulesHolder | undefined
  readonly #turns = new Mutex()
  #carryingOut: Promise<void> | undefined
  #watch: RulesWatch | undefined

  /** `makeTrial` makes an empty director with the same addresses and schedulers. `holder`: who sets rules besides clients. */
  constructor(director: Control, makeTrial: () => Director, holder?: RulesHolder) {
    this.#director = director
    this.#makeTrial = makeTrial
    this.#holder = holder
  }

  /** Carries out a request outside of transactions. */
  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    await this.#turnOf(request)
    const reply = await this.#director.call(request)
    if (this.#watch && changesRules(request)) this.#watch.changed(servicesOf(request))
    return reply
  }

  watch(watch: RulesWatch): void {
    this.#watch = watch
  }

  /** The control for a new client. Only one client at a time has an open transaction. */
  client(): ClientTransaction {
    return new ClientTransaction(this, this.#makeTrial, () => this.#turns.acquire(), this.#holder)
  }

  /** The changes that would make the services the desired ones. */
  async plan(desired: readonly ServiceInfo[]): Promise<Answer<PlannedChange[][]>> {
    const current = await allServices(this.#director)
    return current.ok ? { ok: true, value: await diffInShares(current.value, desired) } : current
  }

  /** Makes the services the desired ones, or changes nothing and returns the refusal. Other changes wait meanwhile. */
  commit(desired: () => Promise<Answer<ServiceInfo[]>>): Promise<Answer<Committed>> {
    return this.#alone(async () => {
      const wanted = await desired()
      return wanted.ok ? this.#carryOut(before => diffInShares(before, wanted.value)) : wanted
    })
  }

  /** Carries out changes, all or none. They are asked for when no others can come between: they must be of the rules as they are then. */
  commitPlanned(changes: () => Promise<PlannedChange[][]>): Promise<Answer<Committed>> {
    return this.#alone(async () => {
      const groups = await changes()
      return this.#carryOut(() => groups)
    })
  }

  /** Makes services of a part of the rules the desired ones; other services stay as they are. Otherwise as `commit`. */
  commitPart({ isIn, keys, desired, seen }: PartOfRules): Promise<Answer<Committed>> {
    const read = async (): Promise<Answer<ServiceInfo[]>> => {
      if (keys) return this.#some(keys)
      const all = await allServices(this.#director)
      return all.ok ? { ok: true, value: all.value.filter(isIn) } : all
    }
    const changesTo = (before: readonly ServiceInfo[]): Promise<PlannedChange[][]> => {
      seen(before)
      return diffInShares(before, desired)
    }
    return this.#alone(async () => {
      const done = await this.#carryOut(changesTo, { read, isPart: true })
      if (done.ok) this.#watch?.made(keys)
      return done
    })
  }

  /** Those of the services that are there. */
  async #some(keys: readonly ServiceKey[]): Promise<Answer<ServiceInfo[]>> {
    const found: ServiceInfo[] = []
    for (const reply of await Promise.all(keys.map(key => allServices(this.#director, key)))) {
      if (reply.ok) found.push(...reply.value)
      else if (reply.refusal !== 'ESRCH') return reply
    }
    return { ok: true, value: found }
  }

  /**
   * Carries out changes, fitted to the rules there are, all of them or none; then `follow`, and if that throws, undoes them and throws it.
   * Other changes wait meanwhile. `left`: why some are left out.
   */
  changeAll(requests: readonly RuleChange[], follow: () => void): Promise<Answer<Committed & Pick<Fitted, 'left'>>> {
    return this.#alone(async () => {
      let left: readonly string[] = []
      const fitted = (before: readonly ServiceInfo[]): PlannedChange[][] => {
        const found = fit(before, requests)
        left = found.left
        return byService(found.changes)
      }
      const done = await this.#carryOut(fitted, { follow })
      return done.ok ? { ok: true, value: { ...done.value, left } } : done
    })
  }

  /** Does the work behind what is carried out already; other changes wait until it is done. */
  #alone<T>(job: () => Promise<T>): Promise<T> {
    const earlier = this.#carryingOut
    const work = (async () => {
      await earlier
      return job()
    })()
    const end: Promise<void> = work
      .catch(() => {})
      .then(() => {
        if (this.#carryingOut === end) this.#carryingOut = undefined
      })
    this.#carryingOut = end
    return work
  }

  async #turnOf(request: Request): Promise<void> {
    if (changesRules(request)) while (this.#carryingOut) await this.#carryingOut
  }
  async #carryOut(
    changesTo: (before: readonly ServiceInfo[]) => Promise<PlannedChange[][]> | PlannedChange[][],
    { follow = () => {}, read = () => allServices(this.#director), isPart = false }: CarryOutOptions = {},
  ): Promise<Answer<Committed>> {
    const before = await read()
    if (!before.ok) return before
    const groups = await changesTo(before.value)
    let done: Answer<Committed> | undefined
    try {
      return (done = await this.#carryOutAll(groups, before.value, follow, read))
    } finally {
      if (!isPart || !done?.ok) this.#watch?.changed(groups.flatMap(group => servicesOf(group[0]!.request) ?? []))
    }
  }
  async #carryOutAll(
    groups: readonly PlannedChange[][],
    before: readonly ServiceInfo[],
    follow: () => void,
    read: () => Promise<Answer<ServiceInfo[]>>,
  ): Promise<Answer<Committed>> {
    const refused = await this.#carryOutGroups(groups)
    if (refused) {
      const { refusal, message } = refused
      return { ok: false, refusal, message: `${message}; ${await this.#undo(before, read)}` }
    }
    try {
      follow()
    } catch (error) {
      throw new Error(`${messageOf(error)}; ${await this.#undo(before, read)}`, { cause: error })
    }
    return { ok: true, value: summary(groups.flat()) }
  }
  /** Returns how it ended. */
  async #undo(before: readonly ServiceInfo[], read: () => Promise<Answer<ServiceInfo[]>>): Promise<string> {
    const now = await read()
    const isUndone = now.ok && (await this.#carryOutGroups(await diffInShares(now.value, before))) === undefined
    return isUndone ? 'everything is as before' : 'and not all of it could be undone'
  }
  /**
   * Carries out changes in batches. Returns the first refusal, if any; then only batches already sent are still carried
   * out.
   */
  async #carryOutGroups(groups: readonly PlannedChange[][]): Promise<RefusedReply | undefined> {
    const underWay: Promise<RefusedReply | undefined>[] = []
    let refused: RefusedReply | undefined
    for (const requests of batchesOf(groups)) {
      underWay.push(this.#carryOutBatch(requests))
      if (underWay.length === UNDER_WAY) refused = await underWay.shift()
      if (refused) break
    }
    for (const each of await Promise.all(underWay)) refused ??= each
    return refused
  }
  async #carryOutBatch(requests: RuleChange[]): Promise<RefusedReply | undefined> {
    const reply = await this.#director.call<'batch'>({ op: 'batch', requests })
    if (!reply.ok) return reply
    for (const [i, each] of reply.value.entries())
      if (!each.ok) return { ...each, message: `${JSON.stringify(requests[i])}: ${each.message}` }
    return undefined
  }
}

function changesRules({ op }: Request): boolean {
  return (OPERATIONS[op] as Operation).changesRules === true
}

/** Whose rules a request changes; undefined: it may be any. */
function servicesOf(request: Request): ServiceKey[] | undefined {
  if (request.op === 'batch') return request.requests.flatMap(each => servicesOf(each) ?? [])
  return 'service' in request && request.service ? [request.service] : undefined
}

/** Batches of at most BATCH_MAX changes. A service's changes stay in one batch if they fit. */
export function* batchesOf(groups: readonly PlannedChange[][]): Generator<RuleChange[]> {
  let batch: RuleChange[] = []
  for (const group of groups) {
    if (batch.length > 0 && batch.length + group.length > BATCH_MAX) {
      yield batch
      batch = []
    }
    for (const { request } of group) {
      if (batch.push(request) < BATCH_MAX) continue
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

/** Changes of one service that come one after the other. */
function byService(changes: readonly PlannedChange[]): PlannedChange[][] {
  const groups: PlannedChange[][] = []
  let last = ''
  for (const change of changes) {
    const name = JSON.stringify(change.request.service)
    if (name === last) groups.at(-1)!.push(change)
    else groups.push([change])
    last = name
  }
  return groups
}

function summary(changes: readonly PlannedChange[]): Committed {
  const counted: Committed = { changes: {}, connections: 0 }
  for (const { request, connections } of changes) {
    counted.changes[request.op] = (counted.changes[request.op] ?? 0) + 1
    counted.connections += connections
  }
  return counted
}
