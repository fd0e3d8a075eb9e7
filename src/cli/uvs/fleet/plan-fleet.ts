import type { PlannedChange, ServiceInfo } from '../../../control/protocol/api.js'
import { diff } from '../../../control/rules/diff.js'
import { serviceIdentity } from '../../../fleet/fleet-rules.js'
import { encodeService } from '../../../fleet/service-value.js'
import { type Changes, newestOf, RULES, SERVICES, type Snapshot } from '../../../fleet/write/fleet-store.js'
import { inListedOrder } from '../plan-order.js'
import type { BrokenKey, StoredRules } from './stored-rules.js'

/** What makes the prefix hold the desired services. */
export interface FleetPlan {
  /** Of the last write that it was made after. */
  readonly revision: number
  /** In the order of a listing. */
  readonly changes: readonly PlannedChange[]
  /** Keys that directors refuse: they are written anew, or deleted. */
  readonly broken: readonly (BrokenKey & { readonly isReplaced: boolean })[]
  /** Services move from the key `rules` to keys of their own. */
  readonly movesRules: boolean
  readonly write: Changes
}

/** Services that stay as they are keep their keys and are not written. */
export function planFleet(snapshot: Snapshot, stored: StoredRules, desired: readonly ServiceInfo[]): FleetPlan {
  const changes = inListedOrder(diff(stored.services, desired).flat())
  const touched = new Set(changes.map(({ request }) => serviceIdentity(request.service)))
  const isBroken = new Set(stored.broken.map(({ key }) => key))
  const rules = snapshot.keys.find(({ key }) => key === RULES)
  const taken = new Set(stored.keys.values())
  const wanted = new Map<string, ServiceInfo>()
  const puts: { key: string; value: string }[] = []
  for (const service of desired) {
    const identity = serviceIdentity(service)
    const own = stored.keys.get(identity)
    const key = own ?? freeKey(service, taken)
    taken.add(key)
    wanted.set(key, service)
    if (own === undefined || touched.has(identity) || isBroken.has(key))
      puts.push({ key, value: encodeService(service) })
  }
  // No key at all would be taken for a mishap: no rules is `rules`, empty.
  const isEmpty = desired.length === 0
  if (isEmpty && rules?.value !== '') puts.push({ key: RULES, value: '' })
  const gone = (key: string): boolean => (key === RULES && !isEmpty) || (key.startsWith(SERVICES) && !wanted.has(key))
  return {
    revision: newestOf(snapshot),
    changes,
    broken: stored.broken.map(each => ({ ...each, isReplaced: wanted.has(each.key) })),
    movesRules: !isEmpty && rules !== undefined && rules.value.trim() !== '' && !isBroken.has(RULES),
    write: { puts, deletes: snapshot.keys.map(({ key }) => key).filter(gone) },
  }
}

/** `services/tcp/10.0.0.1:80`, unless a key of that name holds another service. */
function freeKey(service: ServiceInfo, taken: ReadonlySet<string>): string {
  const name = serviceIdentity(service).replaceAll(' ', '/')
  for (let n = 1; ; n++) {
    const key = `${SERVICES}${name}${n === 1 ? '' : `+${n}`}`
    if (!taken.has(key)) return key
  }
}
