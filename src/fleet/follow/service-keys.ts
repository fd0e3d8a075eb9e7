import type { FleetKeys } from '../fleet-keys.js'
import { doubled, fleetEntry, type FleetEntry, type FleetKv } from '../fleet-rules.js'
import { KeyError } from '../key-error.js'

/** Services' keys, read as they come: one that changes costs no look at the others. */
export class ServiceKeys {
  /** Those that can be read, by key. */
  readonly entries = new Map<string, FleetEntry>()
  readonly #keys: FleetKeys
  readonly #broken = new Map<string, KeyError>()
  /** By identity: a key that has it, the only one unless there are rivals. */
  readonly #owners = new Map<string, string>()
  /** By identity, where several keys have it: all of them. */
  readonly #rivals = new Map<string, Set<string>>()

  constructor(keys: FleetKeys) {
    this.#keys = keys
  }

  put(kv: FleetKv): void {
    this.delete(kv.key)
    try {
      const entry = fleetEntry(this.#keys, kv)
      this.entries.set(kv.key, entry)
      this.#claim(entry)
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      this.#broken.set(kv.key, error)
    }
  }
  delete(key: string): void {
    this.#broken.delete(key)
    const entry = this.entries.get(key)
    if (!entry) return
    this.entries.delete(key)
    this.#giveUp(entry)
  }

  /** What is wrong with keys, in their order. Of keys of one service all but the first are. */
  get errors(): readonly KeyError[] {
    if (this.#broken.size + this.#rivals.size === 0) return []
    const doubles = [...this.#rivals].flatMap(([identity, keys]) => {
      const [owner, ...others] = [...keys].sort()
      return others.map(key => doubled(key, identity, owner!))
    })
    return [...this.#broken.values(), ...doubles].sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  #claim({ identity, key }: FleetEntry): void {
    const owner = this.#owners.get(identity)
    const rivals = this.#rivals.get(identity)
    if (owner === undefined) this.#owners.set(identity, key)
    else if (rivals) rivals.add(key)
    else this.#rivals.set(identity, new Set([owner, key]))
  }
  #giveUp({ identity, key }: FleetEntry): void {
    const rivals = this.#rivals.get(identity)
    if (!rivals) return void this.#owners.delete(identity)
    rivals.delete(key)
    const [first] = rivals
    if (this.#owners.get(identity) === key) this.#owners.set(identity, first!)
    if (rivals.size === 1) this.#rivals.delete(identity)
  }
}
