import type { ConnectionInfo, ConnectionPage, Control, Reply } from '../protocol/api.js'
import { isFields } from '../protocol/check.js'
import { checkRequest } from '../protocol/codec.js'
import { HttpRefusal } from './answers.js'

/** The most connections that are asked for at once. */
const COUNT_MAX = 500
/** How long to look for them before what there is is answered, in ms. */
const BUDGET_MS = 300

export interface Found extends ConnectionPage {
  rows: ConnectionInfo[]
}

/** The next connections of a search, `count` or a page of the table more, or fewer if they are rare: go on with `next`. */
export async function findConnections(control: Control, body: unknown): Promise<Found> {
  const { count = COUNT_MAX, ...asked } = isFields(body) ? body : {}
  if (!Number.isInteger(count) || Number(count) < 1 || Number(count) > COUNT_MAX)
    throw new HttpRefusal(400, `count: not an integer from 1 to ${COUNT_MAX}`)
  const checked = checkRequest({ from: 0, ...asked, op: 'connections' })
  if (!checked.ok) throw new HttpRefusal(400, checked.message)
  const { request } = checked
  if (request.op !== 'connections') throw new HttpRefusal(400, 'no search')
  const until = performance.now() + BUDGET_MS
  const rows: ConnectionInfo[] = []
  for (let { from } = request; ;) {
    const reply: Reply<'connections'> = await control.call({ ...request, from })
    if (!reply.ok) throw new HttpRefusal(503, reply.message)
    rows.push(...reply.value.rows)
    const { next } = reply.value
    if (next === null || rows.length >= Number(count) || performance.now() > until) return { rows, next }
    from = next
  }
}
