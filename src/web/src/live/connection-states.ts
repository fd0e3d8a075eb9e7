import type { ServiceKey } from '../../../control/protocol/api.ts'
import { parseSearch, serviceSearch } from '../pure/connection-search.ts'
import { findConnections } from './api.ts'

export interface States {
  /** The most frequent first. */
  states: [state: string, count: number][]
  seen: number
  /** Whether the whole table was looked through. */
  isAll: boolean
}

/** Pages that are looked at: a table of a million is not read each time. */
const MOST_PAGES = 8
const PAGE = 500

export async function countStates(service: ServiceKey, signal: AbortSignal): Promise<States> {
  const counts = new Map<string, number>()
  const parsed = parseSearch(serviceSearch(service))
  const search = 'search' in parsed ? parsed.search : {}
  let from: number | null = 0
  for (let page = 0; page < MOST_PAGES && from !== null; page++) {
    const found = await findConnections({ ...search, from, count: PAGE }, signal)
    for (const { state } of found.rows) counts.set(state, (counts.get(state) ?? 0) + 1)
    from = found.next
  }
  const states = [...counts].sort((one, other) => other[1] - one[1])
  return { states, seen: states.reduce((sum, [, count]) => sum + count, 0), isAll: from === null }
}
