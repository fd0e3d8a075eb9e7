import { SumColumn, type ServiceKey } from '../../protocol/api.js'
import { checkRequest } from '../../protocol/codec.js'
import { HttpRefusal } from '../answers.js'

/** What a stream shows of the services: a page of the chosen ones in an order, or one alone. */
export interface View {
  /** Streams of the same name share what is made for them. */
  readonly name: string
  readonly first: number
  readonly count: number
  readonly sort: SortColumn
  readonly isDescending: boolean
  /** Words in lower case, all of which a service must have. */
  readonly words: readonly string[]
  readonly only?: ServiceKey
}

/** By what a page of services is sorted: a name or a number of SumColumn. */
export type SortColumn = 'service' | 'scheduler' | (typeof SumColumn)[keyof typeof SumColumn]

export const COLUMNS: Readonly<Record<string, SortColumn>> = {
  service: 'service',
  scheduler: 'scheduler',
  servers: SumColumn.SERVERS,
  ready: SumColumn.READY,
  weight: SumColumn.WEIGHT,
  active: SumColumn.ACTIVE_CONNS,
  inactive: SumColumn.INACT_CONNS,
  persistent: SumColumn.PERSIST_CONNS,
  conns: SumColumn.CONNS,
  inPkts: SumColumn.IN_PKTS,
  outPkts: SumColumn.OUT_PKTS,
  inBytes: SumColumn.IN_BYTES,
  outBytes: SumColumn.OUT_BYTES,
  cps: SumColumn.CPS,
  inPps: SumColumn.IN_PPS,
  outPps: SumColumn.OUT_PPS,
  inBps: SumColumn.IN_BPS,
  outBps: SumColumn.OUT_BPS,
}

export const ROWS_MAX = 200
const FILTER_MAX = 200

/** Reads a stream's query. HttpRefusal names the wrong word. */
export function readView(query: URLSearchParams): View {
  const [first, count] = readRange(query.get('services') ?? '0,0')
  const column = query.get('sort') ?? 'service'
  if (!Object.hasOwn(COLUMNS, column))
    throw new HttpRefusal(400, `sort: '${shown(column)}' is none of ${Object.keys(COLUMNS).join(', ')}`)
  const order = query.get('order') ?? 'asc'
  if (order !== 'asc' && order !== 'desc') throw new HttpRefusal(400, `order: '${shown(order)}' is not asc or desc`)
  const filter = (query.get('filter') ?? '').toLowerCase()
  if (filter.length > FILTER_MAX) throw new HttpRefusal(400, `filter: more than ${FILTER_MAX} characters`)
  const words = filter.split(/\s+/).filter(word => word !== '')
  const one = query.get('service')
  const only = one === null ? undefined : readService(one)
  const name = JSON.stringify(only ?? [first, count, column, order, words])
  return { name, first, count, sort: COLUMNS[column]!, isDescending: order === 'desc', words, ...(only && { only }) }
}

function readRange(text: string): [number, number] {
  const [, first, count] = /^(\d{1,7}),(\d{1,3})$/.exec(text) ?? []
  if (first === undefined || Number(count) > ROWS_MAX)
    throw new HttpRefusal(400, `services: '${shown(text)}' is not FIRST,COUNT with at most ${ROWS_MAX} of them`)
  return [Number(first), Number(count)]
}

/** tcp/10.0.0.1:80, udp/[2001:db8::1]:53, fwm/1, fwm6/1. */
export function readService(text: string): ServiceKey {
  const bad = new HttpRefusal(400, `service: '${shown(text)}' is not such as tcp/192.168.10.100:80 or fwm/1`)
  const match = /^(?<kind>[a-z0-9]+)\/(?:(?<mark>\d+)|\[?(?<address>[0-9a-f.:]+?)\]?:(?<port>\d+))$/i.exec(text)?.groups
  if (!match) throw bad
  const { kind = '', mark, address, port } = match
  const service =
    mark === undefined
      ? { protocol: kind, address, port: Number(port) }
      : { mark: Number(mark), ...(kind === 'fwm6' && { family: 6 }) }
  if (mark !== undefined && kind !== 'fwm' && kind !== 'fwm6') throw bad
  const checked = checkRequest({ op: 'services', service })
  if (!checked.ok || checked.request.op !== 'services' || !checked.request.service) throw bad
  return checked.request.service
}

function shown(text: string): string {
  return text.slice(0, 64).replaceAll(/[^ -~]/g, '?')
}
