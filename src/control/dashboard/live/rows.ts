import { allServices } from '../../protocol/all-services.js'
import { keyOf, SumColumn, type Control, type ServiceHealth, type ServiceKey } from '../../protocol/api.js'
import { jsonOfReply } from '../../protocol/reply-json.js'
import type { ListedRow } from './listed.js'
import type { ServiceIndex } from './service-index.js'
import type { View } from './view.js'

/* The rows of a view as JSON. A row is the text of the listing's reply: at two thousand rows a second parsing it would cost. */

/** The real servers of a service that is looked at alone. */
const SERVERS_MAX = 512
const BEFORE = '{"ok":true,"value":{"rows":['
const AFTER = '],"next":'

export interface RowsOf {
  control: Control
  index: ServiceIndex
  healthOf: (service: ServiceKey) => ServiceHealth | undefined
  /** Rows of this tick, by their keys: what is busy by one column is so by others. */
  texts: Map<string, Promise<string>>
}

/** `{"total":…,"matched":…,"first":…,"rows":[…]}`. */
export async function rowsJson(of: RowsOf, view: View): Promise<string> {
  const { total, matched, rows } = await of.index.choose(view)
  if (view.only) return head(total, matched, 0, await oneRow(of, view.only))
  const texts = await Promise.all(rows.map(service => sharedText(of, service)))
  return head(total, matched, view.first, texts.filter(text => text !== '').join(','))
}

function head(total: number, matched: number, first: number, rows: string): string {
  return `{"total":${total},"matched":${matched},"first":${first},"rows":[${rows}]}`
}

function sharedText(of: RowsOf, row: ListedRow): Promise<string> {
  const name = JSON.stringify(keyOf(row))
  let text = of.texts.get(name)
  if (!text) of.texts.set(name, (text = rowText(of, row)))
  return text
}

/** The first real servers of a service, as many as a page of the listing has; '' if it has been deleted. */
async function rowText({ control, healthOf }: RowsOf, { sums, ...of }: ListedRow): Promise<string> {
  const service = keyOf(of)
  const reply = await control.call({ op: 'services', service })
  if (!reply.ok) return ''
  const json = jsonOfReply(reply)
  const end = json.lastIndexOf(AFTER)
  if (!json.startsWith(BEFORE) || end < 0) throw new Error('a listing of another form')
  const health = healthOf(service)
  const more = health ? `"health":${JSON.stringify(health)},` : ''
  return `{"servers":${sums[SumColumn.SERVERS]},${more}${json.slice(BEFORE.length + 1, end)}`
}

async function oneRow({ control, healthOf }: RowsOf, key: ServiceKey): Promise<string> {
  const reply = await allServices(control, key)
  const [service] = reply.ok ? reply.value : []
  if (!service) return ''
  const { destinations } = service
  const health = healthOf(key)
  const shown = { servers: destinations.length, destinations: destinations.slice(0, SERVERS_MAX) }
  return JSON.stringify({ ...service, ...(health && { health }), ...shown })
}
