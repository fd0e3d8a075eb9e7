import type { WatchEvent } from '../../etcd/watch.js'
import type { FleetKeys } from '../fleet-keys.js'
import { fleetEntry, fleetRules, type FleetEntry, type FleetKv, type FleetRules } from '../fleet-rules.js'

/** The keys of rules as of now. A key that has not changed stays the same object, and is read once. */
export class RuleKeys {
  readonly #keys: FleetKeys
  readonly #kvs = new Map<string, FleetKv>()
  readonly #read = new WeakMap<FleetKv, FleetEntry>()
  /** By key; undefined: keys have come or gone. */
  #sorted: readonly string[] | undefined

  constructor(keys: FleetKeys) {
    this.#keys = keys
  }

  /** All that there is now. */
  replace(kvs: readonly FleetKv[]): void {
    const wanted = new Set(kvs.map(({ key }) => key))
    for (const key of this.#kvs.keys()) if (!wanted.has(key)) this.#delete(key)
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
  get all(): FleetKv[] {
    this.#sorted ??= [...this.#kvs.keys()].sort()
    return this.#sorted.map(key => this.#kvs.get(key)!)
  }

  /** The newest change that is to be seen: the same on every director that has the same keys. */
  get revision(): number {
    let newest = 0
    for (const { modRevision } of this.#kvs.values()) if (modRevision > newest) newest = modRevision
    return newest
  }

  get rules(): FleetRules {
    return fleetRules(this.#keys, this.all, (keys, kv) => {
      const known = this.#read.get(kv)
      if (known) return known
      const entry = fleetEntry(keys, kv)
      this.#read.set(kv, entry)
      return entry
    })
  }

  #put({ key, value, modRevision }: FleetKv): void {
    if (!this.#keys.isOfRules(key)) return
    const there = this.#kvs.get(key)
    if (there?.modRevision === modRevision && there.value === value) return
    if (!there) this.#sorted = undefined
    this.#kvs.set(key, { key, value, modRevision })
  }
  #delete(key: string): void {
    if (this.#kvs.delete(key)) this.#sorted = undefined
  }
}
