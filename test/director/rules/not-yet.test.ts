import t from 'tap'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import { BenchDirector, fromClient, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { fakeNames } from '../../support/names.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import type {
  DestinationKey,
  DestinationSettingsInfo,
  ServiceInfo,
  ServiceKey,
  ServicePage,
} from '../../../src/control/protocol/api.js'

const V6 = { protocol: 'tcp', address: '2001:db8::1', port: 80 } as const
const V4 = { protocol: 'tcp', address: VIP, port: 80 } as const
const SETTINGS = serviceSettings('rr', { netmask: '128' })
const SERVER = { address: '2001:db8::2', port: 80 }
const TUNNEL: Partial<DestinationSettingsInfo> = { method: 'tunnel' }

function listed(bench: BenchDirector, service?: ServiceKey): ServiceInfo[] {
  return (bench.ask({ op: 'services', ...(service && { service }) }) as ServicePage).rows
}

/** What is answered to adding, or editing, a real server. */
function server(
  bench: BenchDirector,
  service: ServiceKey,
  destination: DestinationKey,
  more: Partial<DestinationSettingsInfo> = {},
  op: 'add-destination' | 'edit-destination' = 'add-destination',
): unknown {
  return bench.ask({ op, service, destination, settings: destinationSettings(1, more) })
}

t.test('services of IPv6, with the kernel’s refusals', async t => {
  const bench = new BenchDirector()
  const add = (service: ServiceKey, more = {}) =>
    bench.ask({ op: 'add-service', service, settings: { ...SETTINGS, ...more } })
  t.equal(add(V6), null)
  t.equal(add({ ...V6, address: '2001:DB8:0::1' }), 'EEXIST', 'another spelling')
  t.equal(add({ ...V6, protocol: 'udp' }), null)
  t.equal(add({ mark: 7, family: 6 }), null)
  t.equal(add({ mark: 7 }, { netmask: '255.255.255.255' }), null, 'the same mark, IPv4')
  t.equal(add({ ...V6, port: 81 }, { scheduler: 'nosuch' }), 'ENOENT')
  t.equal(add({ ...V6, port: 81 }, { engine: 'nosuch' }), 'ENOENT')
  t.equal(add(V4, { netmask: '255.255.255.255', engine: 'nosuch' }), 'ENOENT')
  for (const netmask of ['0', '129', '255.0.0.0']) t.equal(add({ ...V6, port: 81 }, { netmask }), 'EINVAL', netmask)
  for (const address of ['fe80::1%eth0', '2001:db8::1%0']) t.equal(add({ ...V6, address }), 'EINVAL', address)
  const edit = (service: ServiceKey, more = {}) =>
    bench.ask({ op: 'edit-service', service, settings: { ...SETTINGS, ...more } })
  t.equal(edit(V6, { scheduler: 'nosuch' }), 'ENOENT')
  t.equal(edit({ ...V6, port: 81 }), 'ESRCH')
  t.equal(edit(V6, { netmask: '64', persistence: 5, engine: 'sip' }), null)
  const [info] = listed(bench, V6)
  t.match(info, { ...V6, scheduler: 'rr', netmask: '64', persistence: 5, engine: 'sip', destinations: [] })
  t.equal(bench.ask({ op: 'zero', service: V6 }), null)
  t.equal(bench.ask({ op: 'delete-service', service: V6 }), null)
  for (const op of ['zero', 'delete-service', 'services'] as const) t.equal(bench.ask({ op, service: V6 }), 'ESRCH', op)
  bench.must({ op: 'flush' })
  t.strictSame(listed(bench), [])
})

t.test('real servers of another family, with the kernel’s refusals', async t => {
  const bench = new BenchDirector()
  bench.must({ op: 'add-service', service: V6, settings: SETTINGS })
  bench.must({ op: 'add-service', service: V4, settings: serviceSettings('rr') })
  for (const service of [V6, V4]) {
    const other = service === V6 ? { address: '10.99.2.11', port: 80 } : SERVER
    t.equal(server(bench, service, other), 'EINVAL', 'only by a tunnel')
    t.equal(server(bench, service, other, { ...TUNNEL, upperThreshold: 1, lowerThreshold: 2 }), 'ERANGE')
    t.equal(server(bench, service, other, TUNNEL), null)
    t.equal(server(bench, service, other, TUNNEL), 'EEXIST')
    t.equal(server(bench, service, other, { ...TUNNEL, weight: 9 }, 'edit-destination'), null)
    t.equal(server(bench, service, { ...other, port: 81 }, TUNNEL, 'edit-destination'), 'ENOENT')
    t.match(listed(bench, service)[0]!.destinations, [{ ...other, weight: 9, tunnel: { type: 'ipip' } }])
    t.equal(bench.ask({ op: 'delete-destination', service, destination: other }), null)
    t.equal(bench.ask({ op: 'delete-destination', service, destination: other }), 'ENOENT')
  }
  t.equal(server(bench, V6, SERVER), null, 'of its own family by any method')
  for (const address of ['::', 'ff02::1', 'fe80::1', '::ffff:1.2.3.4'])
    t.equal(server(bench, V6, { address, port: 80 }), 'EINVAL', address)
  t.equal(server(bench, V6, { address: '224.0.0.1', port: 80 }, TUNNEL), 'EINVAL')
  t.equal(server(bench, { ...V6, port: 81 }, SERVER), 'ESRCH')
  t.equal(bench.ask({ op: 'add-local-address', service: V6, address: '10.99.2.200' }), 'EAFNOSUPPORT')
  t.equal(bench.ask({ op: 'delete-local-address', service: V4, address: '2001:db8::9' }), 'EAFNOSUPPORT')
})

t.test('listed where the kernel has them: the newest real server first, of both families', async t => {
  const bench = new BenchDirector()
  bench.must({ op: 'add-service', service: V4, settings: serviceSettings('rr') })
  for (const address of ['10.99.2.11', '2001:db8::2', '10.99.2.12', '2001:db8::3'])
    server(bench, V4, { address, port: 80 }, TUNNEL)
  const addresses = () => listed(bench, V4)[0]!.destinations.map(({ address }) => address)
  t.strictSame(addresses(), ['2001:db8::3', '10.99.2.12', '2001:db8::2', '10.99.2.11'])
  bench.must({ op: 'delete-destination', service: V4, destination: { address: '10.99.2.11', port: 80 } })
  server(bench, V4, { address: '10.99.2.11', port: 80 }, TUNNEL)
  t.strictSame(addresses(), ['10.99.2.11', '2001:db8::3', '10.99.2.12', '2001:db8::2'], 'out of the trash too')
})

t.test('no packet and no scheduler meets them; each is told once', async t => {
  const told: string[] = []
  const bench = new BenchDirector({ notServed: what => told.push(what), vips: [VIP] })
  const say = async (line: string) =>
    t.match(await uvsadm(line.split(' '), bench.control, fakeNames()), { status: 0 }, line)
  await say('-A -t [2001:db8::1]:80 -s rr')
  await say('-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -m')
  t.equal(bench.director.balancing.count, 0, 'IPVS is off for IPv4')
  await say(`-A -t ${VIP}:80 -s rr`)
  await say(`-a -t ${VIP}:80 -r [2001:db8::2]:80 -i`)
  await say('-A -f 9 -6')
  await say(`-E -t ${VIP}:80 -s rr --pe sip -p`)
  await say(`-E -t ${VIP}:80 -s rr --pe sip`)
  bench.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  t.equal(bench.director.verdictCounters.byName()['drop-no-destination'], 1)
  t.strictSame(told, [
    'TCP [2001:db8::1]:80: IPv6',
    `real server [2001:db8::2]:80 of TCP ${VIP}:80: IPv6`,
    'FWM 9: IPv6',
    `TCP ${VIP}:80: --pe sip; clients stay by their address`,
  ])
})
