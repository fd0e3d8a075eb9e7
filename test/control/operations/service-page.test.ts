import t from 'tap'
import { allServices } from '../../../src/control/protocol/all-services.js'
import type { ServiceInfo, ServiceKey } from '../../../src/control/protocol/api.js'
import { BenchDirector } from '../../support/bench-director.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'

const key = (i: number): ServiceKey => ({ protocol: 'tcp', address: `10.0.${i >> 8}.${i & 255}`, port: 80 })
const server = (i: number) => ({ address: `10.88.2.${i & 255}`, port: 1000 + (i >> 8) })

function add(bench: BenchDirector, service: ServiceKey, servers = 0): void {
  bench.must({ op: 'add-service', service, settings: serviceSettings('rr') })
  for (let i = 0; i < servers; i++)
    bench.must({ op: 'add-destination', service, destination: server(i), settings: destinationSettings(1) })
}
const names = (rows: readonly ServiceInfo[]): string[] =>
  rows.map(row => ('mark' in row ? `mark ${row.mark}` : row.address))
const serversOf = (row: ServiceInfo | undefined): string[] =>
  (row?.destinations ?? []).map(({ address, port }) => `${address}:${port}`)

function page(bench: BenchDirector, from: string | null, service?: ServiceKey) {
  const value = bench.ask<'services'>({ op: 'services', ...(from && { from }), ...(service && { service }) })
  if (typeof value === 'string') throw new Error(value)
  return value
}

t.test(
  'pages are bounded in services and in destinations; together they are everything, in the kernel’s order',
  async t => {
    const bench = new BenchDirector()
    for (let i = 0; i < 300; i++) add(bench, key(i), i % 7)
    add(bench, { mark: 7 }, 1)
    add(bench, { mark: 4294967295 })
    const one = { protocol: 'udp', address: '10.9.9.9', port: 53 } as const
    add(bench, one, 500)
    const pages = []
    for (let from: string | null = null, begun = false; !begun || from !== null; begun = true) {
      const { rows, next } = page(bench, from)
      pages.push(rows)
      from = next
    }
    for (const rows of pages) {
      t.ok(rows.length <= 64, `${rows.length} services`)
      const servers = rows.reduce((sum, row) => sum + row.destinations.length, 0)
      t.ok(servers <= 96, `${servers} destinations`)
    }
    const whole = await allServices(bench.control)
    t.ok(whole.ok)
    const services = whole.ok ? whole.value : []
    t.strictSame(
      names(services),
      names(bench.director.balancing.inKernelOrder().map(({ mark, addr }) => infoOf(mark, addr))),
    )
    t.strictSame(serversOf(services.find(row => 'address' in row && row.address === '10.9.9.9')), all(500))
    t.match(await allServices(bench.control, one), { ok: true, value: { length: 1 } })
    t.strictSame(serversOf((bench.services(one) as ServiceInfo[])[0]), all(500))
  },
)

/** The newest first. */
const all = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => server(count - 1 - i)).map(({ address, port }) => `${address}:${port}`)
const infoOf = (mark: number, addr: number): ServiceInfo =>
  (mark ? { mark } : { address: [24, 16, 8, 0].map(by => (addr >>> by) & 255).join('.') }) as ServiceInfo

t.test('services that come or go between two pages make no other be missed or told twice', async t => {
  const bench = new BenchDirector()
  for (let i = 0; i < 200; i++) add(bench, key(i), 1)
  const first = page(bench, null)
  const told = names(first.rows)
  const others = names(bench.services() as ServiceInfo[]).filter(name => !told.includes(name))
  for (const name of [told[0]!, told.at(-1)!, told[5]!, others[0]!])
    bench.must({ op: 'delete-service', service: { protocol: 'tcp', address: name, port: 80 } })
  for (let i = 500; i < 600; i++) add(bench, key(i))
  add(bench, { protocol: 'tcp', address: told[5]!, port: 80 })
  const rest: string[] = []
  for (let from = first.next; from !== null;) {
    const { rows, next } = page(bench, from)
    rest.push(...names(rows))
    from = next
  }
  for (const name of others.slice(1)) t.equal(rest.filter(other => other === name).length, 1, name)
  for (const name of told) t.notOk(rest.includes(name), `${name} was told already`)
  t.notOk(rest.includes(others[0]!), 'it is gone')
})

t.test('and so with the destinations of a service of many; one made anew is not gone on with', async t => {
  const bench = new BenchDirector()
  const service = key(1)
  add(bench, service, 300)
  const first = page(bench, null)
  t.equal(first.continues, undefined)
  const told = serversOf(first.rows[0])
  t.equal(told.length, 96)
  for (const i of [299, 299 - 95, 100]) bench.must({ op: 'delete-destination', service, destination: server(i) })
  for (const i of [299, 400])
    bench.must({ op: 'add-destination', service, destination: server(i), settings: destinationSettings(1) })
  const second = page(bench, first.next)
  t.equal(second.continues, true)
  const third = page(bench, second.next)
  const rest = [
    ...serversOf(second.rows[0]),
    ...serversOf(third.rows[0]),
    ...serversOf(page(bench, third.next).rows[0]),
  ]
  t.strictSame(
    rest,
    all(300)
      .slice(96)
      .filter(name => name !== '10.88.2.100:1000'),
  )
  bench.must({ op: 'delete-service', service })
  add(bench, service, 300)
  add(bench, { mark: 1 })
  t.match(page(bench, first.next), { continues: undefined, rows: { length: 1 } }, 'only who comes behind it')
  t.match(page(bench, first.next, service), { rows: { length: 0 }, next: null })
})

t.test('a batch carries out each request for itself, in order', async t => {
  const bench = new BenchDirector()
  const service = key(1)
  const settings = serviceSettings('rr')
  const destination = server(1)
  t.strictSame(
    bench.ask<'batch'>({
      op: 'batch',
      requests: [
        { op: 'add-service', service, settings },
        { op: 'add-service', service, settings },
        { op: 'add-destination', service, destination, settings: destinationSettings(3) },
        { op: 'delete-destination', service, destination: server(2) },
        { op: 'edit-destination', service, destination, settings: destinationSettings(4) },
      ],
    }),
    [
      { ok: true, value: null },
      { ok: false, refusal: 'EEXIST', message: 'it is there already' },
      { ok: true, value: null },
      { ok: false, refusal: 'ENOENT', message: 'no such destination' },
      { ok: true, value: null },
    ],
  )
  t.match(bench.services(), [{ destinations: [{ weight: 4 }] }])
})
