import type { ServiceInfo } from '../../../control/protocol/api.js'
import { printable } from '../../../control/protocol/printable.js'
import { UsageError } from '../../../director/options.js'
import type { FleetKeys } from '../../../fleet/fleet-keys.js'
import { fleetRules, serviceIdentity } from '../../../fleet/fleet-rules.js'
import type { KeyError } from '../../../fleet/key-error.js'
import { RULES, type Snapshot } from '../../../fleet/write/fleet-store.js'
import { parsedLines } from '../rules/parsed-rules.js'
import { ruleLines } from '../rules/rules-file.js'
import type { TrialRules } from './trial-rules.js'

/** A key that directors refuse. */
export interface BrokenKey {
  readonly key: string
  /** One line that is safe to show. */
  readonly why: string
}

/** What a prefix says that the rules are to be. */
export interface StoredRules {
  /** As a director would list them: of keys of their own, and of `rules`. */
  readonly services: readonly ServiceInfo[]
  /** The key of each service that has one, refused ones too, by serviceIdentity. */
  readonly keys: ReadonlyMap<string, string>
  readonly broken: readonly BrokenKey[]
  /** Those of them that a newer uvs wrote. */
  readonly newer: readonly BrokenKey[]
}

/** `trial`: an empty one. */
export async function storedRules(snapshot: Snapshot, all: FleetKeys, trial: TrialRules): Promise<StoredRules> {
  const found = fleetRules(
    all,
    snapshot.keys.map(each => ({ ...each, key: all.all + each.key })),
  )
  const relative = (key: string): string => key.slice(all.all.length)
  const brokenOf = ({ key, message }: KeyError): BrokenKey => {
    return { key: relative(key), why: printable(message.slice(key.length + 2)) }
  }
  const broken = found.errors.map(brokenOf)
  const newer = found.errors.filter(({ isNewer }) => isNewer).map(brokenOf)
  const keys = new Map<string, string>()
  for (const { key, service } of found.services.values()) {
    keys.set(serviceIdentity(service), relative(key))
    const why = trial.add(service)
    if (why !== undefined) broken.push({ key: relative(key), why: printable(why) })
  }
  const services = await trial.services()
  if (!found.rules) return { services, keys, broken, newer }
  try {
    await trial.take(parsedLines(ruleLines(found.rules.value, RULES)))
    return { services: await trial.services(), keys, broken, newer }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { services, keys, broken: [...broken, { key: RULES, why: printable(error.message) }], newer }
  }
}
