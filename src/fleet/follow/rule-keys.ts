import type { WatchEvent } from '../../etcd/watch.js'
import type { FleetKeys } from '../fleet-keys.js'
import { fleetEntry, fleetRules, type FleetEntry, type FleetKv, type FleetRules } from '../fleet-rules.js'

/** A key that is read once, as a service, if it is asked for. What it has read is not written with it. */
class HeldKey implements FleetKv {
  #entry: FleetEntry | undefined

  constructor(
    readonly key: string,
    readonly value: string,
    readonly modRevision: number,
  ) {}

  /** KeyError. */
  entry(keys: FleetKeys): FleetEntry {
    return (this.#entry ??= fleetEntry(keys, this))
  }
}

/** The keys of rules as of now. A key that has not changed stays the same object, and is read once. */
export class RuleKeys {
  readonly #keys: FleetKeys
  readonly #held = new Map<string, HeldKey>()
  /** By key; undefined: keys have come or gone. */
  #sorted: readonly string[] | undefined
  /** The same with what they hold; undefined: something has changed. */
  #all: readonly HeldKey[] | undefined

  constructor(keys: FleetKeys) {
    this.#keys = keys
  }

  /** All that there is now. */
  replace(kvs: readonly FleetKv[]): void {
    const wanted = new Set(kvs.map(({ key }) => key))
    for (const key of this.#held.keys()) if (!wanted.has(key)) this.#delete(key)
    for (const kv of kvs) this.#put(kv)
  }

  /** What has changed. Returns whether any of it is of rules. */
  take(events: readonly WatchEvent[]): boolean {
    let isOfRules = false
    for (const event of events) {
      if (!this.#keys.isOfRules('put' in event ? event.put.key : event.deleted)) continue
      isOfRules = true
      if ('put' in event) this.#put(event.put)
      else this.#delete(event.deleted)
    }
    return isOfRules
  }

  /** Sorted by key. */
  get all(): readonly FleetKv[] {
    return this.#sortedAll()
  }

  /** The newest change that is to be seen: the same on every director that has the same keys. */
  get revision(): number {
    let newest = 0
    for (const { modRevision } of this.#sortedAll()) if (modRevision > newest) newest = modRevision
    return newest
  }

  get rules(): FleetRules {
    return fleetRules(this.#keys, this.#sortedAll(), (keys, held) => held.entry(keys))
  }

  #sortedAll(): readonly HeldKey[] {
    this.#sorted ??= [...this.#held.keys()].sort()
    this.#all ??= this.#sorted.map(key => this.#held.get(key)!)
    return this.#all
  }

  #put({ key, value, modRevision }: FleetKv): void {
    if (!this.#keys.isOfRules(key)) return
    const there = this.#held.get(key)
    if (there?.modRevision === modRevision && there.value === value) return
    if (!there) this.#sorted = undefined
    this.#all = undefined
    this.#held.set(key, new HeldKey(key, value, modRevision))
  }
  #delete(key: string): void {
    if (!this.#held.delete(key)) return
    this.#sorted = undefined
    this.#all = undefined
  }
}
