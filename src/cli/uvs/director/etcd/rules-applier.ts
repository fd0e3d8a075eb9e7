import { setImmediate as nextTurn } from 'node:timers/promises'
import { execute, localControl } from '../../../../control/operations/execute.js'
import { allServices } from '../../../../control/protocol/all-services.js'
import type { Answer, Committed, ServiceInfo } from '../../../../control/protocol/api.js'
import { diff } from '../../../../control/rules/diff.js'
import { Transactions } from '../../../../control/rules/transactions.js'
import type { Director } from '../../../../director/director.js'
import { UsageError } from '../../../../director/options.js'
import { serviceIdentity, type FleetEntry, type FleetKv, type FleetRules } from '../../../../fleet/fleet-rules.js'
import { KeyError } from '../../../../fleet/key-error.js'
import { keyOf } from '../../../../control/protocol/service-key.js'
import { serviceRequests } from '../../../../fleet/service-requests.js'
import type { FleetService } from '../../../../fleet/service-value.js'
import { formatPlan } from '../../rules/format-plan.js'
import { parsedLines } from '../../rules/parsed-rules.js'
import { ruleLines } from '../../rules/rules-file.js'
import { stageRules } from '../../rules/rules-transaction.js'
import { AppliedServices } from './applied-services.js'

export interface ApplierOf {
  readonly director: Transactions
  readonly makeTrial: () => Director
  readonly tell: (line: string) => void
}

type ById<T> = ReadonlyMap<string, T>

/** What etcd's keys come to. */
interface Rules {
  readonly text: { readonly kv: FleetKv; readonly services: readonly ServiceInfo[] } | undefined
  readonly entries: ById<FleetEntry>
  /** As a listing would show them, of both. */
  readonly services: AppliedServices
}

/** More changed services than these are read and compared with all others at once. */
const FEW = 256
/** Services tried on the trial director between two turns of the event loop. */
const TRIED_AT_ONCE = 200

/**
 * Makes a director's rules those of a fleet. Each is tried on a director without frames first; then only what differs is changed, in one
 * transaction. What somebody changed beside it is undone where it is met, and told.
 */
export class RulesApplier {
  readonly #of: ApplierOf
  #applied: Rules = { text: undefined, entries: new Map(), services: new AppliedServices() }
  #hasAll = false

  constructor(of: ApplierOf) {
    this.#of = of
  }

  /** The services that are applied. */
  get services(): AppliedServices {
    return this.#applied.services
  }

  /** The next application compares all rules, also those that are not to change. */
  doubtAll(): void {
    this.#hasAll = false
  }

  /** KeyError or UsageError, with the key, if one cannot be used; then nothing has changed. */
  async apply({ services: entries, rules }: FleetRules): Promise<Committed> {
    const text = rules && { kv: rules, services: await this.#textServices(rules) }
    refuseDoubles(entries, text?.services ?? [])
    const before = this.#applied
    const { changed, gone } = differences(before.entries, entries)
    const isPart = this.#hasAll && text?.kv === before.text?.kv && changed.length + gone.length <= FEW
    const tried = await this.#tried(isPart ? changed : [...entries.values()])
    return isPart ? this.#part(tried, changed, gone, { text, entries }) : this.#whole(tried, { text, entries })
  }

  async #whole(tried: readonly ServiceInfo[], rest: Omit<Rules, 'services'>): Promise<Committed> {
    const desired = [...(rest.text?.services ?? []), ...tried]
    const ours = this.#hasAll || this.#applied.services.size > 0 ? [...this.#applied.services.values()] : undefined
    const seen = (there: readonly ServiceInfo[]): void => this.#tellDrift(ours, there)
    const committed = granted(await this.#of.director.commitPart({ isIn: () => true, desired, seen }))
    this.#applied = { ...rest, services: new AppliedServices(desired) }
    this.#hasAll = true
    return committed
  }

  async #part(
    tried: readonly ServiceInfo[],
    changed: readonly FleetEntry[],
    gone: readonly FleetEntry[],
    rest: Omit<Rules, 'services'>,
  ): Promise<Committed> {
    const keys = [...changed, ...gone].map(({ service }) => keyOf(service))
    const { services } = this.#applied
    const ours = keys.flatMap(key => services.get(serviceIdentity(key)) ?? [])
    const seen = (there: readonly ServiceInfo[]): void => this.#tellDrift(ours, there)
    const part = { isIn: () => true, keys, desired: tried, seen }
    const committed = keys.length > 0 ? granted(await this.#of.director.commitPart(part)) : NOTHING
    for (const key of keys) services.delete(serviceIdentity(key))
    for (const service of tried) services.set(service)
    this.#applied = { ...rest, services }
    return committed
  }

  /** The services of lines in ipvsadm-save form, read once. */
  async #textServices(kv: FleetKv): Promise<readonly ServiceInfo[]> {
    const { text } = this.#applied
    if (text?.kv === kv) return text.services
    const { makeTrial } = this.#of
    const client = new Transactions(localControl(makeTrial()), makeTrial).client()
    try {
      await stageRules(client, parsedLines(ruleLines(kv.value, kv.key)))
      return granted(await client.staged())
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      throw new KeyError(kv.key, error.message.slice(kv.key.length).trimStart())
    } finally {
      client.close()
    }
  }

  /** Adds them to a director without rules. Returns how it lists them. */
  async #tried(entries: readonly FleetEntry[]): Promise<ServiceInfo[]> {
    if (entries.length === 0) return []
    const trial = this.#of.makeTrial()
    const refused: { key: string; why: string }[] = []
    for (const [i, { key, service }] of entries.entries()) {
      if (i % TRIED_AT_ONCE === TRIED_AT_ONCE - 1) await nextTurn()
      const why = tryService(trial, service)
      if (why !== undefined) refused.push({ key, why })
    }
    const [first] = refused
    if (first) throw new KeyError(first.key, first.why, refused.length - 1)
    return granted(await allServices(localControl(trial)))
  }

  /** `ours`: what we had made of the same part; undefined: nothing yet. */
  #tellDrift(ours: readonly ServiceInfo[] | undefined, there: readonly ServiceInfo[]): void {
    if (!ours) return
    const changes = diff(ours, there).flat()
    if (changes.length === 0) return
    const [first] = formatPlan(changes.slice(0, 1)).split(' (', 1)
    const count = changes.length === 1 ? 'a change' : `${changes.length} changes`
    this.#of.tell(
      `etcd: ${count} made beside it: ${first!.trim()}${changes.length > 1 ? ', …' : ''}: what etcd holds counts`,
    )
  }
}

/** What is another entry than before, and what is no more. Of ten thousand that are the same: no list is made, nothing is copied. */
function differences(before: ById<FleetEntry>, now: ById<FleetEntry>): Record<'changed' | 'gone', FleetEntry[]> {
  const changed: FleetEntry[] = []
  let kept = 0
  for (const [id, entry] of now) {
    const was = before.get(id)
    if (was !== undefined) kept++
    if (was !== entry) changed.push(entry)
  }
  const gone = kept === before.size ? [] : [...before.values()].filter(({ identity }) => !now.has(identity))
  return { changed, gone }
}

/** A service of a key must be of no other. */
function refuseDoubles(entries: ById<FleetEntry>, ofText: readonly ServiceInfo[]): void {
  for (const service of ofText) {
    const id = serviceIdentity(service)
    const other = entries.get(id)
    if (other) throw new KeyError(other.key, `${id} is a service of the rules in ipvsadm-save form too`)
  }
}

/** Adds it. Why it is refused; undefined: it is not. */
function tryService(trial: Director, service: FleetService): string | undefined {
  for (const request of serviceRequests(service)) {
    const reply = execute(trial, request)
    if (reply.ok) continue
    const where = 'destination' in request ? `${request.destination.address}:${request.destination.port}: ` : ''
    return `${where}${reply.message}`
  }
  return undefined
}

const NOTHING: Committed = { changes: {}, connections: 0 }

function granted<T>(reply: Answer<T>): T {
  if (reply.ok) return reply.value
  throw new Error(reply.message)
}
