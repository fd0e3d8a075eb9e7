import { localControl } from '../../../../control/operations/execute.js'
import type { Committed, ServiceInfo, ServiceKey } from '../../../../control/protocol/api.js'
import { keyOf } from '../../../../control/protocol/service-key.js'
import { diff } from '../../../../control/rules/diff.js'
import { Transactions } from '../../../../control/rules/transactions.js'
import type { Director } from '../../../../director/director.js'
import { UsageError } from '../../../../director/options.js'
import { serviceIdentity, type FleetEntry, type FleetKv } from '../../../../fleet/fleet-rules.js'
import { putChanges, type RulesUpdate } from '../../../../fleet/follow/rules-update.js'
import { KeyError } from '../../../../fleet/key-error.js'
import { formatPlan } from '../../rules/format-plan.js'
import { parsedLines } from '../../rules/parsed-rules.js'
import { ruleLines } from '../../rules/rules-file.js'
import { stageRules } from '../../rules/rules-transaction.js'
import { AppliedServices } from './applied-services.js'
import { granted } from './granted.js'
import { Trial } from './trial.js'

export interface ApplierOf {
  readonly director: Transactions
  readonly makeTrial: () => Director
  readonly tell: (line: string) => void
}

/** What the key of rules in ipvsadm-save form comes to. */
interface TextRules {
  readonly kv: FleetKv
  readonly services: readonly ServiceInfo[]
  readonly identities: ReadonlySet<string>
}
type Entries = ReadonlyMap<string, FleetEntry>

/** More changed services than these are read and compared with all others at once. */
const FEW = 256

/**
 * Makes a director's rules those of a fleet. Each is tried on a director without frames first; then only what differs is changed, in one
 * transaction. What somebody changed beside it is undone where it is met, and told.
 */
export class RulesApplier {
  readonly #of: ApplierOf
  readonly #trial: Trial
  /* What is applied. */
  #text: TextRules | undefined
  /** Of services, by key. */
  #entries = new Map<string, FleetEntry>()
  /** As a listing would show them, of both. */
  #services = new AppliedServices()
  #hasAll = false

  constructor(of: ApplierOf) {
    this.#of = of
    this.#trial = new Trial(of.makeTrial)
  }

  /** The services that are applied. */
  get services(): AppliedServices {
    return this.#services
  }

  /** The next application compares all rules, also those that are not to change. */
  doubtAll(): void {
    this.#hasAll = false
  }

  /** KeyError or UsageError, with the key, if one cannot be used; then nothing has changed. */
  async apply(update: RulesUpdate): Promise<Committed> {
    const { changed, gone } = differences(this.#entries, update)
    const isPart = this.#hasAll && update.rules === this.#text?.kv && changed.length + gone.length <= FEW
    const text = update.rules && (await this.#textRules(update.rules))
    const entries = isPart ? undefined : updated(this.#entries, update)
    const desired = entries ? [...entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1)) : changed
    refuseDoubles(desired, text)
    const tried = await this.#trial.list(desired)
    const committed = await (isPart ? this.#part(tried, gone) : this.#whole(tried, text))
    this.#text = text
    if (entries) this.#entries = entries
    else putChanges(this.#entries, update.services)
    return committed
  }

  async #whole(tried: readonly ServiceInfo[], text: TextRules | undefined): Promise<Committed> {
    const desired = [...(text?.services ?? []), ...tried]
    const ours = this.#hasAll || this.#services.size > 0 ? [...this.#services.values()] : undefined
    const seen = (there: readonly ServiceInfo[]): void => this.#tellDrift(ours, there)
    const wanted = new Set(desired.map(serviceIdentity))
    // What somebody has added here is let be, unless all is doubted.
    const isOurs = (service: ServiceKey): boolean => {
      const identity = serviceIdentity(service)
      return wanted.has(identity) || this.#services.get(identity) !== undefined
    }
    const isIn = this.#hasAll ? isOurs : () => true
    const committed = granted(await this.#of.director.commitPart({ isIn, desired, seen }))
    this.#services = new AppliedServices(desired)
    this.#hasAll = true
    return committed
  }

  async #part(tried: readonly ServiceInfo[], gone: readonly FleetEntry[]): Promise<Committed> {
    const keys = [...tried, ...gone.map(({ service }) => service)].map(keyOf)
    if (keys.length === 0) return NOTHING
    const services = this.#services
    const ours = keys.flatMap(key => services.get(serviceIdentity(key)) ?? [])
    const seen = (there: readonly ServiceInfo[]): void => this.#tellDrift(ours, there)
    const part = { isIn: () => true, keys, desired: tried, seen }
    const committed = granted(await this.#of.director.commitPart(part))
    for (const key of keys) services.delete(serviceIdentity(key))
    for (const service of tried) services.set(service)
    return committed
  }

  /** The services of lines in ipvsadm-save form, read once. */
  async #textRules(kv: FleetKv): Promise<TextRules> {
    if (this.#text?.kv === kv) return this.#text
    const { makeTrial } = this.#of
    const client = new Transactions(localControl(makeTrial()), makeTrial).client()
    try {
      await stageRules(client, parsedLines(ruleLines(kv.value, kv.key)))
      const services = granted(await client.staged())
      return { kv, services, identities: new Set(services.map(serviceIdentity)) }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      throw new KeyError(kv.key, error.message.slice(kv.key.length).trimStart())
    } finally {
      client.close()
    }
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

/** What is another entry than what is applied, and what is to be a service no more. */
function differences(
  applied: Entries,
  { isWhole, services }: RulesUpdate,
): Record<'changed' | 'gone', readonly FleetEntry[]> {
  const changed: FleetEntry[] = []
  const left: FleetEntry[] = []
  for (const [key, entry] of services) {
    const was = applied.get(key)
    if (was === entry) continue
    if (entry) changed.push(entry)
    if (was) left.push(was)
  }
  if (isWhole) for (const [key, was] of applied) if (!services.has(key)) left.push(was)
  const stay = new Set(changed.map(({ identity }) => identity))
  return { changed, gone: left.filter(({ identity }) => !stay.has(identity)) }
}

/** What is applied with the update. */
function updated(applied: Entries, { isWhole, services }: RulesUpdate): Map<string, FleetEntry> {
  const found = new Map(isWhole ? [] : applied)
  putChanges(found, services)
  return found
}

/** A service of a key must not be of the text too. */
function refuseDoubles(entries: readonly FleetEntry[], text: TextRules | undefined): void {
  if (!text) return
  for (const { key, identity } of entries)
    if (text.identities.has(identity))
      throw new KeyError(key, `${identity} is a service of the rules in ipvsadm-save form too`)
}

const NOTHING: Committed = { changes: {}, connections: 0 }
