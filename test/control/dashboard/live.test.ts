import { connect } from 'node:net'
import t from 'tap'
import { allServices } from '../../../src/control/protocol/all-services.js'
import type { Control, ServiceInfo } from '../../../src/control/protocol/api.js'
import { localControl } from '../../../src/control/operations/execute.js'
import { BenchDirector, VIP } from '../../support/bench-director.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { ask, dashboardOn, listen, next, serveDashboard, ticks } from './serve.js'

async function addServices(control: Control, count: number, servers: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const service = { protocol: 'tcp' as const, address: VIP, port: 1000 + i }
    await control.call({ op: 'add-service', service, settings: serviceSettings(i % 2 ? 'wrr' : 'rr') })
    for (let j = 0; j < servers; j++) {
      const destination = { address: `10.99.2.${11 + (j % 4)}`, port: 8000 + j }
      await control.call({ op: 'add-destination', service, destination, settings: destinationSettings(i) })
    }
  }
}

const portOf = (service: ServiceInfo): number => ('port' in service ? service.port : 0)

t.test('a tick has what listings have at the same time', async t => {
  const bench = new BenchDirector()
  const control = localControl(bench.director)
  await addServices(control, 3, 2)
  const port = await serveDashboard(t, { control })
  const { event, services, totals, director } = await next(ticks(t, port, '?services=0,50'))
  t.equal(event, 'tick')
  const listed = await allServices(control)
  if (!listed.ok) throw new Error(listed.message)
  t.same(
    services.rows,
    listed.value.toSorted((a, b) => portOf(a) - portOf(b)).map(service => ({ ...service, servers: 2 })),
  )
  t.match(services, { total: 3, matched: 3, first: 0 })
  const reply = await control.call({ op: 'totals' })
  t.match(reply, { ok: true, value: totals as object })
  t.match(director, { pid: process.pid, workers: 1 })
})

t.test('a page of the services that have the words, in an order', async t => {
  const { director } = new BenchDirector()
  const control = localControl(director)
  await addServices(control, 30, 1)
  const port = await serveDashboard(t, { control })
  const ports = async (query: string): Promise<number[]> =>
    (await next(ticks(t, port, query))).services.rows.map(portOf)
  t.same(await ports('?services=2,3'), [1002, 1003, 1004])
  t.same(await ports('?services=0,2&sort=weight&order=desc'), [1029, 1028])
  t.same(await ports('?services=0,2&sort=scheduler&order=desc'), [1001, 1003])
  t.same(await ports('?services=0,3&filter=tcp+WRR+:102'), [1021, 1023, 1025])
  t.same(await ports('?services=40,3'), [])
  t.same(await ports('?service=tcp/10.99.1.100:1007'), [1007])
  t.same(await ports('?service=tcp/10.99.1.100:9'), [])
  t.same(await ports(''), [])
  for (const query of [
    'services=0,201',
    'services=x',
    'sort=weigth',
    'order=up',
    'service=tcp/x',
    'service=arp/1.2.3.4:5',
  ])
    t.match(await ask(port, `/api/live?${query}`), {
      status: 400,
      json: { message: new RegExp(`^${query.split('=')[0]}: '`) },
    })
})

t.test('streams of the same view, and of the same services, cost what one costs', async t => {
  const { director } = new BenchDirector()
  const inner = localControl(director)
  await addServices(inner, 20, 1)
  const calls = new Map<string, number>()
  const control: Control = {
    call: request => (calls.set(request.op, (calls.get(request.op) ?? 0) + 1), inner.call(request)),
  }
  const port = await serveDashboard(t, { control })
  const sorts = ['service', 'cps', 'conns', 'active', 'weight']
  const streams = sorts.flatMap(sort =>
    ['asc', 'asc', 'desc'].map(order => ticks(t, port, `?services=0,20&sort=${sort}&order=${order}`)),
  )
  for (let i = 0; i < 2; i++) await Promise.all(streams.map(next))
  const ticked = calls.get('totals')!
  t.ok(ticked >= 2)
  // The last tick may be under way.
  t.ok(calls.get('services')! <= 20 * ticked, `${calls.get('services')} rows for ${ticked} ticks`)
})

t.test('a director that does not answer is told of, and a stream goes on', async t => {
  const control: Control = { call: async () => ({ ok: false, refusal: 'EPROTO', message: 'the director has stopped' }) }
  const port = await serveDashboard(t, { control })
  const stream = ticks(t, port, '?services=0,1')
  for (let i = 0; i < 2; i++) t.match(await next(stream), { event: 'trouble', message: 'the director has stopped' })
})

t.test(
  'what changed by the control socket, by checks, or by an election, is told; none of them hides the others',
  async t => {
    const { control } = new BenchDirector()
    const site = dashboardOn(t, { control })
    const port = await listen(t, site, control)
    const service = { protocol: 'tcp', address: VIP, port: 80 } as const
    site.saw({ op: 'delete-service', service }, { ok: true, value: null })
    site.saw({ op: 'delete-service', service }, { ok: false, refusal: 'ESRCH', message: '' })
    site.saw(
      { op: 'commit' },
      { ok: true, value: { changes: { 'add-service': 2, 'delete-service': 1 }, connections: 0 } },
    )
    site.happened('vrrp', 'VI_1: BACKUP to MASTER, priority 100: no advert')
    for (let i = 1; i <= 20; i++) site.happened('health', `server ${i} is DOWN`)
    const { events } = (await next(ticks(t, port))) as unknown as { events: object[] }
    t.equal(events.length, 15 + 3)
    t.match(events[0], { kind: 'health', text: 'server 20 is DOWN' })
    t.match(events.slice(15), [
      { kind: 'vrrp', text: 'VI_1: BACKUP to MASTER, priority 100: no advert' },
      { kind: 'rules', text: 'uvs apply: 3 changes' },
      { kind: 'rules', text: `uvsadm -D -t ${VIP}:80` },
    ])
  },
)

t.test('who closes his half of the connection has no stream any more, and others have room', async t => {
  const port = await serveDashboard(t, { control: localControl(new BenchDirector().director) })
  const leave = (): Promise<number> =>
    new Promise((resolve, reject) => {
      let began = 0
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      socket.on('error', reject).write('GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n')
      socket.once('data', () => {
        began = performance.now()
        socket.end()
      })
      const ended = (): void => {
        socket.destroy()
        resolve(performance.now() - began)
      }
      const late = setTimeout(ended, 1500)
      socket.once('end', () => {
        clearTimeout(late)
        ended()
      })
    })
  if (!t.ok((await leave()) < 500, 'before the next tick')) return
  for (let i = 0; i < 40; i++) await leave()
  t.equal((await next(ticks(t, port, ''))).event, 'tick')
})

t.test('what checks say of a service is in its row', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8000')
  bench.serve('tcp', `${VIP}:81`, '10.99.2.11:8000')
  const health = {
    protocol: 'tcp',
    address: VIP,
    port: 80,
    state: 'down',
    servers: [{ state: 'down' }, { state: 'up' }],
  }
  const values: Record<string, unknown> = {
    vrrp: { instances: [], groups: [], scripts: [], unclaimed: {} },
    health: { services: [health, { group: 'g', state: 'up', servers: [] }], next: null },
  }
  const control: Control = {
    call: async request =>
      request.op in values ? { ok: true, value: values[request.op] as never } : bench.control.call(request),
  }
  const port = await serveDashboard(t, { control })
  const tick = await next(ticks(t, port, '?services=0,5'))
  t.match(tick['health'], { up: 1, down: 1, unknown: 0, servers: { up: 1, down: 1, unknown: 0 }, bad: [health] })
  t.strictSame(
    tick.services.rows.map(row => (row as { health?: unknown }).health),
    [health, undefined],
  )
  const one = await next(ticks(t, port, `?service=tcp/${VIP}:80`))
  t.match(one.services.rows, [{ servers: 1, health }])
})
