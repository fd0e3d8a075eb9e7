import { allServices } from '../../protocol/all-services.js'
import type { Control, ServiceKey, ServiceSums } from '../../protocol/api.js'
import { jsonOfReply } from '../../protocol/reply-json.js'
import type { ServiceIndex } from './service-index.js'
import type { View } from './view.js'
import { SumColumn } from '../../protocol/api.js'

/* The rows of a view as JSON. A row is the text of the listing's reply: at two thousand rows a second parsing it would cost. */

/** The real servers of a service that is looked at alone. */
const SERVERS_MAX = 512
const BEFORE = '{"ok":true,"value":{"rows":['
const AFTER = '],"next":'

/** `{"total":…,"matched":…,"first":…,"rows":[…]}`. */
export async function rowsJson(control: Control, index: ServiceIndex, view: View): Promise<string> {
  const { total, matched, rows } = await index.choose(view)
  if (view.only) return head(total, matched, 0, await oneRow(control, view.only))
  const texts = await Promise.all(rows.map(service => rowText(control, service)))
  return head(total, matched, view.first, texts.filter(text => text !== '').join(','))
}

function head(total: number, matched: number, first: number, rows: string): string {
  return `{"total":${total},"matched":${matched},"first":${first},"rows":[${rows}]}`
}

/** The first real servers of a service, as many as a page of the listing has; '' if it has been deleted. */
async function rowText(control: Control, { sums, ...of }: ServiceSums): Promise<string> {
  const reply = await control.call({ op: 'services', service: keyOf(of) })
  if (!reply.ok) return ''
  const json = jsonOfReply(reply)
  const end = json.lastIndexOf(AFTER)
  if (!json.startsWith(BEFORE) || end < 0) throw new Error('a listing of another form')
  return `{"servers":${sums[SumColumn.SERVERS]},${json.slice(BEFORE.length + 1, end)}`
}

async function oneRow(control: Control, key: ServiceKey): Promise<string> {
  const reply = await allServices(control, key)
  const [service] = reply.ok ? reply.value : []
  if (!service) return ''
  const { destinations } = service
  return JSON.stringify({ ...service, servers: destinations.length, destinations: destinations.slice(0, SERVERS_MAX) })
}

function keyOf(of: ServiceKey): ServiceKey {
  if ('mark' in of) return { mark: of.mark, ...(of.family && { family: of.family }) }
  return { protocol: of.protocol, address: of.address, port: of.port }
}
