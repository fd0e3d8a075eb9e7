import type { WatchEvent } from '../../etcd/watch.js'
import type { FleetKeys } from '../fleet-keys.js'
import type { FleetKv } from '../fleet-rules.js'
import type { KeyError } from '../key-error.js'
import { isUnfinished } from '../write/write-note.js'
import { NewestKey } from './newest-key.js'
import type { RulesUpdate } from './rules-update.js'
import { ServiceKeys } from './service-keys.js'

/** The keys of rules as of now, and which have changed since they were last applied. A key is read once; its change is of no other key. */
export class RuleKeys {
  readonly #keys: FleetKeys
  readonly #held = new Map<string, FleetKv>()
  readonly #newest = new NewestKey(this.#held)
  readonly #services: ServiceKeys
  /** Those that have changed since they were last read. */
  readonly #unread = new Set<string>()
  /** Since the last update was taken; undefined: all. */
  #changed: Set<string> | undefined

  constructor(keys: FleetKeys) {
    this.#keys = keys
    this.#services = new ServiceKeys(keys)
  }

  /** All that there is now. */
  replace(kvs: readonly FleetKv[]): void {
    const wanted = new Set(kvs.map(({ key }) => key))
    for (const key of this.#held.keys()) if (!wanted.has(key)) this.#delete(key)
    for (const kv of kvs) this.#put(kv)
    this.#changed = undefined
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

  /** The newest change that is to be seen: the same on every director that has the same keys. */
  get revision(): number {
    return this.#newest.revision
  }
  /** Somebody is writing the rules, in more than one transaction. */
  get isUnfinished(): boolean {
    return isUnfinished(this.#held.get(this.#keys.revision)?.value)
  }
  /** What is wrong with keys, in their order. */
  get errors(): readonly KeyError[] {
    this.#read()
    return this.#services.errors
  }
  /** No key holds rules. */
  get isEmpty(): boolean {
    this.#read()
    return this.#services.entries.size === 0 && !this.#held.has(this.#keys.rules)
  }

  /** Takes what is to be applied now: the next update begins after it. */
  update(): RulesUpdate {
    this.#read()
    const isWhole = this.#changed === undefined
    const changed = [...(this.#changed ?? this.#held.keys())].sort()
    this.#changed = new Set()
    const ofServices = changed.filter(key => key.startsWith(this.#keys.services))
    return {
      isWhole,
      kvs: new Map(changed.map(key => [key, this.#held.get(key)])),
      services: new Map(ofServices.map(key => [key, this.#services.entries.get(key)])),
      rules: this.#held.get(this.#keys.rules),
    }
  }
  /** The update was not applied: the next one has it too. */
  takeBack({ isWhole, kvs }: RulesUpdate): void {
    if (isWhole) this.#changed = undefined
    else for (const key of kvs.keys()) this.#changed?.add(key)
  }

  #read(): void {
    for (const key of this.#unread) {
      const kv = this.#held.get(key)
      if (kv) this.#services.put(kv)
      else this.#services.delete(key)
    }
    this.#unread.clear()
  }

  #put({ key, value, modRevision }: FleetKv): void {
    if (!this.#keys.isOfRules(key)) return
    const there = this.#held.get(key)
    if (there?.modRevision === modRevision && there.value === value) return
    const kv = { key, value, modRevision }
    this.#held.set(key, kv)
    this.#newest.put(kv)
    this.#note(key)
  }
  #delete(key: string): void {
    if (this.#held.delete(key)) this.#note(key)
  }
  #note(key: string): void {
    this.#changed?.add(key)
    if (key.startsWith(this.#keys.services)) this.#unread.add(key)
  }
}
