import type { FleetEntry, FleetKv } from '../fleet-rules.js'

/** What the keys say that the rules are to be, as of a moment; no more of it than may be other than when one was last applied. */
export interface RulesUpdate {
  /** All keys are in it. */
  readonly isWhole: boolean
  /** Keys of rules, sorted; undefined: the key is gone. */
  readonly kvs: ReadonlyMap<string, FleetKv | undefined>
  /** Those of services, read; likewise. */
  readonly services: ReadonlyMap<string, FleetEntry | undefined>
  /** The key of rules in the form of ipvsadm-save, unread, whether it has changed or not. */
  readonly rules: FleetKv | undefined
}

/** Puts into `held` what changes say, and deletes what they have as undefined. */
export function putChanges<T>(held: Map<string, T>, changes: ReadonlyMap<string, T | undefined>): void {
  for (const [key, value] of changes) {
    if (value === undefined) held.delete(key)
    else held.set(key, value)
  }
}
