import t from 'tap'
import { SUM_COLUMNS, SumColumn, type ServiceKey, type ServiceSums } from '../../../src/control/protocol/api.js'
import { Listed } from '../../../src/control/dashboard/live/listed.js'

/* Services in order, as a slow sort of all of them by all that counts has them. */

const SCHEDULERS = ['rr', 'wlc', 'mh']

function service(key: ServiceKey, scheduler: string, active: number): ServiceSums {
  const sums = Array.from({ length: SUM_COLUMNS }, (_, at) => (at === SumColumn.ACTIVE_CONNS ? active : 0))
  return { ...key, scheduler, sums } as ServiceSums
}

/** In an order of their own, as of a hash table; most have equal figures. */
function many(round: number): ServiceSums[] {
  const services: ServiceSums[] = []
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
function placeText(of: ServiceSums): string {
  if ('mark' in of) return `1 ${pad(of.mark)}`
  const six = of.address.includes(':')
  const address = six ? of.address.split('::')[1]!.padStart(9, '0') : of.address.split('.').map(pad).join('.')
  return `0 ${six ? 6 : 4} ${KINDS.indexOf(of.protocol)} ${address} ${pad(of.port)}`
}
function slow(all: readonly ServiceSums[], by: (of: ServiceSums) => number | string, isDescending: boolean): string[] {
  const sign = isDescending ? -1 : 1
  const order = (a: ServiceSums, b: ServiceSums): number =>
    by(a) === by(b) ? (placeText(a) < placeText(b) ? -1 : 1) : by(a) < by(b) ? -sign : sign
  return [...all].sort(order).map(name)
}
const name = (of: ServiceSums): string => JSON.stringify(of)

t.test('by each column, up and down, equal ones by their addresses; figures of a later reading, too', async t => {
  let listed = new Listed(many(1))
  for (const round of [1, 2, 3]) {
    const all = many(round)
    if (round > 1) listed = listed.with(all)
    for (const isDescending of [false, true]) {
      const by = (sort: 'service' | 'scheduler' | number): string[] =>
        listed.ordered(sort as never, isDescending, []).map(name)
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
  of.ordered('service', false, words).map(each => ('port' in each ? each.port : 0))

t.test('words are found in services that came, that went, and that have another scheduler now', async t => {
  let listed = new Listed([service(key(80), 'rr', 1), service(key(81), 'rr', 1)])
  t.strictSame(found(listed, 'tcp', 'rr'), [80, 81])
  listed = listed.with([service(key(80), 'rr', 2), service(key(81), 'wlc', 2)])
  t.strictSame([found(listed, 'rr'), found(listed, 'wlc')], [[80], [81]])
  listed = listed.with([service(key(80), 'rr', 2), service(key(82), 'wlc', 2)])
  t.strictSame([found(listed, ':81'), found(listed, ':82')], [[], [82]])
  listed = listed.with([service(key(82), 'wlc', 2)])
  t.strictSame(found(listed), [82])
  listed = listed.with([service({ mark: 7 }, 'wlc', 2)])
  listed = listed.with([service({ mark: 7, family: 6 }, 'wlc', 2)])
  t.match(listed.services, [{ mark: 7, family: 6 }])
})
