import t from 'tap'
import { SUM_COLUMNS, SumColumn, type ServiceKey } from '../../../src/control/protocol/api.js'
import { Listed, type ListedRow, type Order } from '../../../src/control/dashboard/live/listed.js'
import type { SortColumn } from '../../../src/control/dashboard/live/view.js'
import { columnsOf } from '../../support/service-columns.js'

/* Services in order, as a slow sort of all of them by all that counts has them. */

const SCHEDULERS = ['rr', 'wlc', 'mh']

function service(key: ServiceKey, scheduler: string, active: number): ListedRow {
  const sums = Array.from({ length: SUM_COLUMNS }, (_, at) => (at === SumColumn.ACTIVE_CONNS ? active : 0))
  return { ...key, scheduler, sums }
}

/** In an order of their own, as of a hash table; most have equal figures. */
function many(round: number): ListedRow[] {
  const services: ListedRow[] = []
  for (let i = 0; i < 500; i++) {
    const [protocol, port] = [i % 3 === 0 ? 'udp' : 'tcp', 1 + ((i * 37) % 500)] as const
    const address = i % 50 === 7 ? `2001:db8::${i}` : `10.${i % 2 === 0 ? 9 : 10}.0.${(i * 7) % 100}`
    const key = i % 100 === 3 ? { mark: i } : { protocol, address, port }
    services.push(service(key, SCHEDULERS[i % 3]!, (i * round) % 5))
  }
  return services
}

const KINDS = ['tcp', 'udp', 'sctp']
const pad = (value: number | string): string => String(value).padStart(12, '0')
/** What comes first in the order of addresses, as a text that sorts so. */
function placeText(of: ListedRow): string {
  if ('mark' in of) return `1 ${pad(of.mark)}`
  const six = of.address.includes(':')
  const address = six ? of.address.split('::')[1]!.padStart(9, '0') : of.address.split('.').map(pad).join('.')
  return `0 ${six ? 6 : 4} ${KINDS.indexOf(of.protocol)} ${address} ${pad(of.port)}`
}
function slow(all: readonly ListedRow[], by: (of: ListedRow) => number | string, isDescending: boolean): string[] {
  const sign = isDescending ? -1 : 1
  const order = (a: ListedRow, b: ListedRow): number =>
    by(a) === by(b) ? (placeText(a) < placeText(b) ? -1 : 1) : by(a) < by(b) ? -sign : sign
  return [...all].sort(order).map(name)
}
const name = ({ sums, scheduler, ...key }: ListedRow): string => JSON.stringify([key, scheduler, sums])

t.test('by each column, up and down, equal ones by their addresses; figures of a later reading, too', async t => {
  let listed = new Listed(columnsOf(many(1)))
  const before = new Map<string, Order>()
  for (const round of [1, 2, 3]) {
    const all = many(round)
    if (round > 1) {
      const later = listed.with(columnsOf(all))
      t.ok(later.isLike(listed))
      listed = later
    }
    for (const isDescending of [false, true]) {
      const by = (sort: SortColumn): string[] => {
        const order = listed.ordered(sort, isDescending, [], before.get(`${sort} ${isDescending}`))
        before.set(`${sort} ${isDescending}`, order)
        return order.map(place => name(listed.at(place)))
      }
      t.strictSame(by('service'), slow(all, placeText, isDescending))
      t.strictSame(
        by('scheduler'),
        slow(all, ({ scheduler }) => scheduler, isDescending),
      )
      t.strictSame(
        by(SumColumn.ACTIVE_CONNS),
        slow(all, ({ sums }) => sums[SumColumn.ACTIVE_CONNS]!, isDescending),
      )
    }
  }
})

const key = (port: number): ServiceKey => ({ protocol: 'tcp', address: '10.0.0.1', port })
const found = (of: Listed, ...words: string[]): unknown[] =>
  of.ordered('service', false, words).map(place => {
    const row = of.at(place)
    return 'port' in row ? row.port : 0
  })

t.test('words are found in services that came, that went, and that have another scheduler now', async t => {
  let listed = new Listed(columnsOf([service(key(80), 'rr', 1), service(key(81), 'rr', 1)]))
  t.strictSame(found(listed, 'tcp', 'rr'), [80, 81])
  listed = listed.with(columnsOf([service(key(80), 'rr', 2), service(key(81), 'wlc', 2)]))
  t.strictSame([found(listed, 'rr'), found(listed, 'wlc')], [[80], [81]])
  listed = listed.with(columnsOf([service(key(80), 'rr', 2), service(key(82), 'wlc', 2)]))
  t.strictSame([found(listed, ':81'), found(listed, ':82')], [[], [82]])
  listed = listed.with(columnsOf([service(key(82), 'wlc', 2)]))
  t.strictSame(found(listed), [82])
  listed = listed.with(columnsOf([service({ mark: 7 }, 'wlc', 2)]))
  listed = listed.with(columnsOf([service({ mark: 7, family: 6 }, 'wlc', 2)]))
  t.match(listed.at(0), { mark: 7, family: 6 })
  t.strictSame([found(listed, 'fwm', '7', 'ipv6'), found(listed, 'fwm', 'ipv4')], [[0], []], 'as its name is shown')
  t.equal(listed.total, 1)
})
