import { createHash, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { HttpRefusal } from '../../../../control/dashboard/answers.js'
import type { Taken } from '../../../../control/dashboard/rules-work.js'
import type { PlannedChange, ServiceInfo } from '../../../../control/protocol/api.js'
import { diff } from '../../../../control/rules/diff.js'

/** Plans that wait to be carried out, each as large as the rules; in ms, how long. */
const PLANS_MAX = 4
export const KEPT_MS = 10 * 60_000
/** Changes of a part: reading it takes a few ms. */
const PART = 500
/** Commands that are told of. */
const TOLD = 20

interface Kept {
  /** The rules that it was made for. */
  of: string
  groups: PlannedChange[][]
  commands: string[]
  changes: number
}

/** Plans that may be carried out. */
export class KeptPlans {
  readonly #kept = new LRUCache<string, Kept>({ max: PLANS_MAX, ttl: KEPT_MS })

  /** Returns the plan's name. */
  keep(current: readonly ServiceInfo[], groups: PlannedChange[][], commands: readonly string[]): string {
    const id = randomBytes(12).toString('base64url')
    const kept = { of: fingerprint(current), groups, commands: commands.slice(0, TOLD), changes: commands.length }
    this.#kept.set(id, kept)
    return id
  }

  /** Once: the plan is forgotten with its last part, or when it cannot be used. */
  async take(id: string, from: number, read: () => Promise<ServiceInfo[]>): Promise<Taken> {
    const kept = this.#kept.get(id)
    if (!kept)
      throw new HttpRefusal(
        404,
        'there is no such plan: it was carried out, is older than ten minutes, or of a director that has ended since',
      )
    if (from === 0 && fingerprint(await read()) !== kept.of) {
      this.#kept.delete(id)
      throw new HttpRefusal(409, 'the rules have changed since this plan was made: make it again')
    }
    const { groups, commands, changes } = kept
    let end = from
    for (let count = 0; end < groups.length && count < PART; end++) count += groups[end]!.length
    const next = end < groups.length ? end : null
    if (next === null) this.#kept.delete(id)
    return { groups: groups.slice(from, end), next, commands, changes }
  }
}

/** The same for the same rules, in whatever order; counters do not count. */
function fingerprint(services: readonly ServiceInfo[]): string {
  const rules = diff([], services)
    .map(changes => JSON.stringify(changes.map(({ request }) => request)))
    .sort()
  return createHash('sha256').update(rules.join('\n')).digest('base64')
}
