import t from 'tap'
import type { ConnectionInfo, ConnectionPage, Request } from '../../../src/control/protocol/api.js'
import { execute, localControl } from '../../../src/control/operations/execute.js'
import type { Director } from '../../../src/director/director.js'
import type { Device } from '../../../src/packet/device.js'
import { BenchDirector, fromClient, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import type { Ipv4Addr } from '../../../src/wire/addr.js'

const tcp = { protocol: 'tcp', address: VIP, port: 80 } as const
const udp = { protocol: 'udp', address: VIP, port: 53 } as const
const absent = { protocol: 'tcp', address: VIP, port: 81 } as const
const rs1 = { address: '10.99.2.11', port: 8080 }
const rs2 = { address: '10.99.2.12', port: 0 }
const rr = serviceSettings('rr')
const weight = (weight: number) => destinationSettings(weight)
const noRates = { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 }
const none = { conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 }

/** Two services, one with a real server. */
function bench(): BenchDirector {
  const made = new BenchDirector()
  made.must({ op: 'add-service', service: tcp, settings: rr })
  made.must({ op: 'add-service', service: udp, settings: serviceSettings('wlc') })
  made.must({ op: 'add-destination', service: tcp, destination: rs1, settings: weight(3) })
  return made
}
const all = (made: BenchDirector): unknown => made.services()

t.test('services as they were added: newest destination first, weights, scheduler, no figures yet', async t => {
  const made = bench()
  made.must({ op: 'add-destination', service: tcp, destination: rs2, settings: weight(0) })
  const fresh = { ...weight(0), activeConns: 0, inactConns: 0, persistConns: 0, stats: none, rates: noRates }
  t.strictSame(made.services(tcp), [
    {
      ...tcp,
      ...rr,
      stats: none,
      rates: noRates,
      destinations: [
        { ...fresh, ...rs2 },
        { ...fresh, ...rs1, weight: 3 },
      ],
    },
  ])
  t.equal((all(made) as unknown[]).length, 2)
})

t.test('every change is carried out', async t => {
  const made = bench()
  const done = (request: Request): void => {
    t.strictSame(execute(made.director, request), { ok: true, value: null }, request.op)
  }
  done({ op: 'edit-service', service: tcp, settings: serviceSettings('wrr') })
  done({ op: 'edit-destination', service: tcp, destination: rs1, settings: weight(2147483647) })
  t.match(made.services(tcp), [{ scheduler: 'wrr', destinations: [{ weight: 2147483647 }] }])
  done({ op: 'delete-destination', service: tcp, destination: rs1 })
  t.match(made.services(tcp), [{ destinations: [] }])
  done({ op: 'delete-service', service: tcp })
  t.equal((all(made) as unknown[]).length, 1)
  done({ op: 'zero' })
  done({ op: 'zero', service: udp })
  done({ op: 'flush' })
  t.strictSame(all(made), [])
  done({ op: 'flush' })
  done({ op: 'add-vip', cidr: '198.51.100.0/28' })
  done({ op: 'delete-vip', cidr: '198.51.100.0/28' })
  done({ op: 'add-vip', cidr: '198.51.100.1' })
  done({ op: 'delete-vip', cidr: '198.51.100.1/32' })
  done({ op: 'add-route', to: '10.99.2.11/32', port: 'r', mtu: 1400 })
  done({ op: 'delete-route', to: '10.99.2.11/32' })
  done({ op: 'reset' })
})

/** A table with `count` connections, of the client ports from 1 on. */
function withMany(count: number): { director: Director; ask(from: number): ConnectionPage } {
  const { director } = new BenchDirector({ maxConnections: count })
  for (let i = 0; i < count; i++)
    director.conns.table.insert(6, (0x0a630100 + (i % 250)) as Ipv4Addr, 1 + i, 0x0a630164 as Ipv4Addr, 80)
  return { director, ask: from => (execute(director, { op: 'connections', from }) as { value: ConnectionPage }).value }
}

const refusals: [request: Request, refusal: string, why: string][] = [
  [{ op: 'add-service', service: tcp, settings: rr }, 'EEXIST', 'a service that is there'],
  [{ op: 'add-service', service: absent, settings: serviceSettings('nosuch') }, 'ENOENT', 'an unknown scheduler'],
  [{ op: 'add-service', service: { ...tcp, address: 'x' }, settings: rr }, 'EINVAL', 'no address'],
  [{ op: 'add-service', service: { ...tcp, port: 65536 }, settings: rr }, 'EINVAL', 'no port'],
  [{ op: 'add-service', service: { ...tcp, port: -1 }, settings: rr }, 'EINVAL', 'a port below 0'],
  [{ op: 'add-service', service: { ...tcp, port: 1.5 }, settings: rr }, 'EINVAL', 'half a port'],
  [{ op: 'edit-service', service: absent, settings: rr }, 'ESRCH', 'no such service'],
  [{ op: 'edit-service', service: { ...tcp, protocol: 'udp' }, settings: rr }, 'ESRCH', 'the other protocol'],
  [{ op: 'edit-service', service: tcp, settings: serviceSettings('nosuch') }, 'ENOENT', 'an unknown scheduler'],
  [{ op: 'delete-service', service: absent }, 'ESRCH', 'no such service'],
  [{ op: 'add-destination', service: absent, destination: rs1, settings: weight(1) }, 'ESRCH', 'no such service'],
  [{ op: 'add-destination', service: tcp, destination: rs1, settings: weight(1) }, 'EEXIST', 'there already'],
  [{ op: 'add-destination', service: tcp, destination: rs2, settings: weight(-1) }, 'ERANGE', 'a weight below 0'],
  [{ op: 'add-destination', service: tcp, destination: rs2, settings: weight(2 ** 31) }, 'ERANGE', 'a weight of 2^31'],
  [
    { op: 'add-destination', service: tcp, destination: rs1, settings: weight(-1) },
    'ERANGE',
    'the weight is asked for first',
  ],
  [
    { op: 'add-destination', service: tcp, destination: { address: '224.0.0.1', port: 1 }, settings: weight(1) },
    'EINVAL',
    'a group',
  ],
  [
    { op: 'add-destination', service: tcp, destination: { address: '0.0.0.0', port: 1 }, settings: weight(1) },
    'EINVAL',
    'no host',
  ],
  [
    { op: 'add-destination', service: tcp, destination: { address: '255.255.255.255', port: 1 }, settings: weight(1) },
    'EINVAL',
    'all hosts',
  ],
  [
    { op: 'add-destination', service: tcp, destination: { address: 'x', port: 1 }, settings: weight(1) },
    'EINVAL',
    'no address',
  ],
  [
    { op: 'add-destination', service: tcp, destination: { ...rs2, port: 70000 }, settings: weight(1) },
    'EINVAL',
    'no port',
  ],
  [{ op: 'edit-destination', service: absent, destination: rs1, settings: weight(1) }, 'ESRCH', 'no such service'],
  [{ op: 'edit-destination', service: tcp, destination: rs2, settings: weight(1) }, 'ENOENT', 'no such destination'],
  [{ op: 'edit-destination', service: tcp, destination: rs1, settings: weight(-1) }, 'ERANGE', 'a weight below 0'],
  [
    { op: 'edit-destination', service: tcp, destination: rs2, settings: weight(-1) },
    'ERANGE',
    'the weight is asked for first',
  ],
  [{ op: 'delete-destination', service: tcp, destination: rs2 }, 'ENOENT', 'no such destination'],
  [{ op: 'delete-destination', service: tcp, destination: { ...rs1, port: 80 } }, 'ENOENT', 'another port'],
  [{ op: 'delete-destination', service: absent, destination: rs1 }, 'ESRCH', 'no such service'],
  [{ op: 'zero', service: absent }, 'ESRCH', 'no such service'],
  [{ op: 'services', service: absent }, 'ESRCH', 'no such service'],
  [{ op: 'connections', from: -1 }, 'EINVAL', 'before the beginning'],
  [{ op: 'connections', from: 0.5 }, 'EINVAL', 'in between'],
  [{ op: 'end-connections', service: tcp, destination: rs1, from: -1 }, 'EINVAL', 'before the beginning'],
  [{ op: 'end-connections', service: tcp, destination: rs2, from: 0 }, 'ENOENT', 'no such destination'],
  [{ op: 'end-connections', service: absent, destination: rs1, from: 0 }, 'ESRCH', 'no such service'],
  [{ op: 'add-vip', cidr: 'x' }, 'EINVAL', 'no address'],
  [{ op: 'add-vip', cidr: '10.0.0.0/33' }, 'EINVAL', 'no length'],
  [{ op: 'add-vip', cidr: '1.2.3.4/0' }, 'EINVAL', 'every address'],
  [{ op: 'add-vip', cidr: '198.51.100.9/28' }, 'EINVAL', 'host bits'],
  [{ op: 'add-vip', cidr: '10.99.1.255' }, 'EINVAL', 'broadcast address'],
  [{ op: 'delete-vip', cidr: 'x' }, 'EINVAL', 'no address'],
  [{ op: 'delete-vip', cidr: '198.51.100.1' }, 'ESRCH', 'no such VIP'],
  [{ op: 'delete-vip', cidr: '198.51.100.0/24' }, 'ESRCH', 'no such block'],
  [{ op: 'add-route', to: 'x', port: 'r' }, 'EINVAL', 'no address'],
  [{ op: 'add-route', to: '10.99.2.11/24', port: 'r' }, 'EINVAL', 'host bits'],
  [{ op: 'add-route', to: '10.99.2.11/32' }, 'EINVAL', 'neither a gateway nor an interface'],
  [{ op: 'add-route', to: '10.99.2.11/32', port: 'eth9' }, 'EINVAL', 'no such interface'],
  [{ op: 'add-route', to: '10.99.2.11/32', gateway: '192.0.2.1' }, 'EINVAL', 'a gateway on no network'],
  [{ op: 'add-route', to: '10.99.2.11/32', gateway: '224.0.0.1', port: 'r' }, 'EINVAL', 'no host’s address'],
  [{ op: 'add-route', to: '10.99.2.11/32', port: 'r', mtu: 67 }, 'EINVAL', 'too small an MTU'],
  [{ op: 'add-route', to: '10.99.2.11/32', port: 'r', mtu: 0.5 }, 'EINVAL', 'half an MTU'],
  [{ op: 'delete-route', to: 'x' }, 'EINVAL', 'no address'],
  [{ op: 'delete-route', to: '10.99.2.1/24' }, 'EINVAL', 'host bits'],
  [{ op: 'delete-route', to: '10.99.2.11/32' }, 'ESRCH', 'no such route'],
]

t.test('what cannot be done is refused by its errno with a line to read, and changes nothing', async t => {
  for (const [request, refusal, why] of refusals) {
    const made = bench()
    made.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient))
    const before = [
      all(made),
      made.ask({ op: 'connections', from: 0 }),
      [...made.director.ownAddresses.come, ...made.director.ownAddresses.gone],
    ]
    const reply = execute(made.director, request)
    t.equal(reply.ok ? 'done' : reply.refusal, refusal, `${request.op}: ${why}`)
    t.match(reply, { message: /^[^\n]+$/ })
    t.strictSame(
      [
        all(made),
        made.ask({ op: 'connections', from: 0 }),
        [...made.director.ownAddresses.come, ...made.director.ownAddresses.gone],
      ],
      before,
      `${request.op}: ${why}`,
    )
  }
})

t.test('in process, control answers with a promise of the same', async t => {
  const control = localControl(bench().director)
  t.match(await control.call({ op: 'services', service: tcp }), { ok: true, value: { rows: [{ port: 80 }] } })
  t.match(await control.call({ op: 'delete-service', service: absent }), { ok: false, refusal: 'ESRCH' })
})

t.test('a large table comes in pages that together hold every connection once', async t => {
  const { director, ask } = withMany(20_000)
  const ports: number[] = []
  let pages = 0
  for (let from: number | null = 0; from !== null; pages++) {
    const page = ask(from)
    ports.push(...page.rows.map(({ cport }) => cport))
    t.ok(page.next === null || page.next > from, 'pages go forward')
    t.ok(page.rows.length < 150, `${page.rows.length} rows: 128 and the rest of a bucket`)
    from = page.next
  }
  t.ok(pages <= 20_000 / 128 + 8, `${pages} pages`)
  t.equal(director.conns.table.count, 20_000)
  t.strictSame(
    ports.sort((a, b) => a - b),
    Array.from({ length: 20_000 }, (_, i) => 1 + i),
  )
  t.strictSame(ask(1_000_000), { rows: [], next: null }, 'past the end')
})

t.test('newer connections of one client’s port come first', async t => {
  const made = new BenchDirector()
  for (const port of [80, 81, 82]) made.serve('tcp', `${VIP}:${port}`, '10.99.2.11:80')
  for (const port of [80, 81, 82]) made.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:${port}`, fromClient))
  const { rows } = made.ask({ op: 'connections', from: 0 }) as { rows: ConnectionInfo[] }
  t.strictSame(
    rows.map(({ vport }) => vport),
    [82, 81, 80],
  )
})

t.test('verdicts by name, with what each device lost', async t => {
  const made = bench()
  made.receive('c', new Uint8Array(5))
  const devices = [
    { name: 'eth0', dropped: 7 },
    { name: 'eth1', dropped: 0 },
  ] as Device[]
  const reply = execute(made.director, { op: 'verdicts' }, { devices })
  t.match(reply, { ok: true, value: { 'drop-ethernet-short': 1, 'drop-device-eth0': 7, 'drop-device-eth1': 0 } })
})

t.test('a bug is no refusal: it is thrown', async t => {
  const made = bench()
  t.throws(() => execute(made.director, { op: 'add-service' } as never), TypeError)
})

t.test('localControl refuses what is no request, as the socket does', async t => {
  const { call } = localControl(bench().director)
  for (const [request, message] of [
    [{ op: 'add-service' }, 'add-service.service: not an object'],
    [{ op: 'add-service', service: tcp }, 'add-service.settings: not an object'],
    [{ op: 'delete-destination', service: tcp }, 'delete-destination.destination: not an object'],
    [{ op: 'add-service', service: { ...tcp, port: '80' }, settings: rr }, 'add-service.service.port: not an integer'],
    [{ op: 'services', servise: tcp }, 'services.servise: there is no such field'],
    [{ op: 'plan' }, 'plan.from: not an integer'],
    [{ op: 'batch' }, 'batch.requests: not a list'],
    [{ op: 'dance' }, "no such operation: 'dance'"],
    [{}, "no such operation: ''"],
    [undefined, 'not an object'],
    ['flush', 'not an object'],
  ] as const) {
    const reply = await call(request as unknown as Request)
    t.match(reply, { ok: false, refusal: 'EPROTO' }, message)
    t.ok(!reply.ok && reply.message.startsWith(message), JSON.stringify(reply))
  }
  t.match(await call({ op: 'services', service: tcp }), { ok: true, value: { rows: [tcp] } })
})
