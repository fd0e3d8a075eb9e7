import type { ConnectionInfo } from '../../../control/protocol/api.ts'
import { parseSearch } from '../pure/connection-search.ts'
import { T } from '../texts.ts'
import { ApiError, findConnections } from './api.ts'

export interface Collected {
  rows: ConnectionInfo[]
  next: number | null
}

const PAGE = 200
/** The director looks for a bounded time at once: a search of a large table takes several requests. */
const MOST_REQUESTS = 40

/** A page's rows, from a place in the table on. Throws ApiError. */
export async function collectConnections(text: string, from: number, signal: AbortSignal): Promise<Collected> {
  const parsed = parseSearch(text)
  if ('odd' in parsed) throw new ApiError(T.connections.odd(parsed.odd), 400)
  const collected: Collected = { rows: [], next: from }
  for (let at = 0; at < MOST_REQUESTS && collected.next !== null && collected.rows.length < PAGE; at++) {
    const request = { ...parsed.search, from: collected.next, count: PAGE - collected.rows.length }
    const found = await findConnections(request, signal)
    collected.rows.push(...found.rows)
    collected.next = found.next
  }
  return collected
}
