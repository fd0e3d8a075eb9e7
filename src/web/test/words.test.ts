import t from 'tap'
import type { ServiceKey } from '../../control/protocol/api.ts'
import { parseSearch, serviceSearch } from '../src/pure/connection-search.ts'
import { filterOf, flowOf, parseFlow, watchedFlowOf, wayOf } from '../src/pure/flow.ts'
import { changedOctets, octetsOf } from '../src/pure/octets.ts'
import { PAGES, pagePath, parseRoute, serviceRoute } from '../src/pure/routes.ts'
import { rulesText } from '../src/pure/rules-text.ts'
import {
  parseEndpoint,
  serviceFromName,
  serviceFromPath,
  serviceName,
  serviceOption,
  servicePath,
} from '../src/pure/service-name.ts'
import { pathRates } from '../src/pure/stages.ts'
import {
  addServer,
  addService,
  deleteServer,
  drainCommand,
  editServer,
  sysctlCommand,
} from '../src/pure/uvsadm-line.ts'
import { alertsOf } from '../src/pure/alerts.ts'
import { mockConnection, mockService, mockTick } from '../mock/mock-figures.ts'
import { T } from '../src/texts.ts'
import { liveAddress } from '../src/live/tick.ts'

const KEYS: [ServiceKey, path: string, name: string, option: string][] = [
  [{ protocol: 'tcp', address: '10.0.0.1', port: 80 }, 'tcp/10.0.0.1:80', 'TCP 10.0.0.1:80', '-t 10.0.0.1:80'],
  [
    { protocol: 'udp', address: '2001:db8::1', port: 53 },
    'udp/[2001:db8::1]:53',
    'UDP [2001:db8::1]:53',
    '-u [2001:db8::1]:53',
  ],
  [
    { protocol: 'sctp', address: '10.0.0.1', port: 0 },
    'sctp/10.0.0.1:0',
    'SCTP 10.0.0.1:0',
    '--sctp-service 10.0.0.1:0',
  ],
  [{ mark: 7 }, 'fwm/7', 'FWM 7', '-f 7'],
  [{ mark: 7, family: 6 }, 'fwm6/7', 'FWM 7 IPv6', '-f 7 -6'],
]

t.test('a service as text, as options, and in an address, there and back', async t => {
  for (const [key, path, name, option] of KEYS) {
    t.strictSame([servicePath(key), serviceName(key), serviceOption(key)], [path, name, option])
    t.strictSame(serviceFromPath(path.split('/')), key)
    t.strictSame(serviceFromName(name), key)
    const url = new URL(serviceRoute(key), 'http://uvs')
    const route = parseRoute(url.pathname, url.search)
    t.match(route, { page: 'service', service: key }, url.href)
  }
  for (const odd of [
    'tcp',
    'tcp/10.0.0.1',
    'icmp/10.0.0.1:80',
    'tcp/10.0.0.1:70000',
    'fwm/x',
    'tcp/<script>:80',
    'tcp/10.0.0.1:80/x',
  ])
    t.equal(serviceFromPath(odd.split('/')), undefined, odd)
  for (const odd of ['', 'TCP', 'FWM 7 IPv6 x', 'TCP 10.0.0.1']) t.equal(serviceFromName(odd), undefined, odd)
  t.equal(parseEndpoint('10.0.0.1:'), undefined)
})

t.test('every page has an address, and another one is no page', async t => {
  for (const page of PAGES) t.equal(parseRoute(pagePath(page)).page, page)
  t.equal(pagePath('services', { filter: 'tcp 10.0', sort: '' }), '/services?filter=tcp+10.0')
  for (const path of ['/nothing', '/overview', '/services/x', '/service'])
    t.equal(parseRoute(path).page, 'missing', path)
  t.equal(parseRoute('/services', '?filter=a+b').query.get('filter'), 'a b')
  t.equal(
    liveAddress({ first: 0, count: 900, sort: 'cps', order: 'asc', filter: '' }),
    '/api/live?services=0%2C200&sort=cps&order=asc',
  )
})

t.test('each change as uvsadm has it', async t => {
  const [key] = KEYS[0]!
  const settings = { scheduler: 'sh', persistence: 300, netmask: '255.255.255.0', onePacket: false, schedFlags: 3 }
  t.equal(addService(key, settings), '-A -t 10.0.0.1:80 -s sh -p 300 -M 255.255.255.0 -b sh-fallback,sh-port')
  const plain = { scheduler: 'wrr', persistence: 0, netmask: '255.255.255.255', onePacket: true, schedFlags: 0 }
  t.equal(addService(key, plain), '-A -t 10.0.0.1:80 -s wrr -o')
  t.equal(
    addService(key, { ...plain, onePacket: false, clientAddress: 'proxy-v2' }),
    '-A -t 10.0.0.1:80 -s wrr --proxy-protocol v2',
  )
  const server = { address: '10.0.1.2', port: 8080 }
  const masq = { method: 'masq' as const, weight: 0, upperThreshold: 100, lowerThreshold: 80 }
  t.equal(addServer(key, server, masq), '-a -t 10.0.0.1:80 -r 10.0.1.2:8080 -m -w 0 -x 100 -y 80')
  const gue = {
    ...masq,
    upperThreshold: 0,
    lowerThreshold: 0,
    method: 'tunnel' as const,
    tunnel: { type: 'gue' as const, port: 6080, checksum: 'full' as const },
  }
  t.equal(
    editServer(key, server, gue),
    '-e -t 10.0.0.1:80 -r 10.0.1.2:8080 -i --tun-type gue --tun-port 6080 --tun-csum -w 0',
  )
  t.equal(deleteServer({ mark: 7 }, server), '-d -f 7 -r 10.0.1.2:8080')
  t.strictSame(
    [sysctlCommand('conntrack', '1'), sysctlCommand('sync_threshold', '3\t50')],
    ['uvs sysctl conntrack=1', "uvs sysctl 'sync_threshold=3 50'"],
  )
  t.equal(drainCommand(key, server, 300), 'uvs drain -t 10.0.0.1:80 -r 10.0.1.2:8080 --deadline 300s')
  const service = { ...mockService(0, 2, 1), localAddresses: ['10.0.9.9'] }
  t.strictSame(
    rulesText([service])
      .split('\n')
      .map(line => line.slice(0, 36)),
    [
      '-A -t 192.168.10.0:80 -s wrr -p 300',
      '-a -t 192.168.10.0:80 -r 172.16.0.2:',
      '-a -t 192.168.10.0:80 -r 172.16.0.1:',
      '--add-laddr -t 192.168.10.0:80 -z 10',
      '',
    ],
  )
})

t.test('of one connection and of many it is said how many were tried', async t => {
  t.match(T.moved.connections('1', '1', 1), /^The one connection that is open now, of 1 service that/)
  t.match(T.moved.connections('2', '2', 1), /^All 2 connections that are open now/)
  t.match(T.moved.connections('2', '9', 3), /^2 of about 9 connections that are open now, of 3 services/)
})

t.test('a search of connections by words', async t => {
  t.strictSame(parseSearch('10.0.0.7:40000 tcp established'), {
    search: { caddr: '10.0.0.7', cport: 40000, protocol: 'tcp', state: 'ESTABLISHED' },
  })
  t.strictSame(parseSearch('vip 10.0.0.0/8:80 server :8080'), {
    search: { vaddr: '10.0.0.0/8', vport: 80, dport: 8080 },
  })
  t.strictSame(parseSearch('  '), { search: {} })
  t.strictSame(parseSearch('10.0.0.7 <script>'), { odd: '<script>' })
  t.strictSame(parseSearch(serviceSearch(KEYS[0]![0])), { search: { vaddr: '10.0.0.1', vport: 80, protocol: 'tcp' } })
  t.equal(serviceSearch({ mark: 7 }), '')
})

t.test('a flow in an address, and the filter of its packets', async t => {
  const text = flowOf(mockConnection(3))
  t.equal(text, 'tcp/10.0.0.4:1027/192.168.10.6:80'.replace('.6:', '.6:'))
  t.equal(filterOf(parseFlow(text)!), 'tcp and host 10.0.0.4 and port 1027')
  const ended = watchedFlowOf({ ...mockConnection(3), state: 'TIME_WAIT' })
  t.equal(filterOf(parseFlow(ended)!), 'tcp and host 10.0.0.4', 'of one that has ended: what its client sends next')
  t.equal(watchedFlowOf({ ...mockConnection(3), state: 'ESTABLISHED' }), text)
  for (const odd of ['', 'ip/10.0.0.1:1/10.0.0.2:2', 'tcp/10.0.0.1:1', "tcp/10.0.0.1:1'/10.0.0.2:2"])
    t.equal(parseFlow(odd), undefined, odd)
})

t.test('a packet is from the client or to it, of any port of his too', async t => {
  const [there, back] = ['TCP 10.0.0.4:1027 > 10.0.0.9:80 S, ttl 64', 'TCP 10.0.0.9:80 > 10.0.0.4:1027 SA, ttl 64']
  for (const port of [1027, 0]) {
    const ways = [there, back, 'ICMP 10.0.0.4 > 10.0.0.9 type 3'].map(line =>
      wayOf(line, { address: '10.0.0.4', port }),
    )
    t.strictSame(ways, ['from', 'to', undefined], String(port))
  }
  t.equal(wayOf(there, { address: '10.0.0.4', port: 102 }), undefined)
})

t.test('the octets of a field, behind IP options too', async t => {
  const plain = octetsOf('00'.repeat(14) + '45' + '00'.repeat(60))
  t.strictSame([...changedOctets(['ip.ttl', 'tcp.dstport', 'eth.dst'], plain).keys()], [22, 36, 37, 0, 1, 2, 3, 4, 5])
  const options = octetsOf('00'.repeat(14) + '46' + '00'.repeat(60))
  t.strictSame([...changedOctets(['udp.checksum'], options).keys()], [44, 45])
  t.equal(changedOctets(['tunnel.ip.src', 'ip.options'], plain).size, 0)
  t.equal(changedOctets(['tcp.checksum'], plain.slice(0, 20)).size, 0, 'no octet that is not there')
})

t.test('the path: what comes to each step, less what ended before', async t => {
  const tick = mockTick(1e12, 1, { total: 0, matched: 0, first: 0, rows: [] }, 1)
  const verdicts: typeof tick.verdicts = {
    balanced: [0, 100],
    'drop-ethertype': [0, 5],
    'drop-no-destination': [0, 3],
    'drop-ttl': [0, 2],
    'drop-device-eth0': [0, 1],
    'icmp-errors-sent': [0, 7],
    'icmp-errors-limited': [0, 7],
    'toa-options-full': [0, 7],
    'toa-too-big': [0, 7],
  }
  const { stages, in: all } = pathRates({
    ...tick,
    verdicts,
    totals: { ...tick.totals, rates: { ...tick.totals.rates, cps: 10 } },
  })
  t.equal(all, 111)
  t.strictSame(
    stages.map(({ name, rate }) => [name, rate]),
    [
      ['io', 111],
      ['packet', 110],
      ['conn', 105],
      ['service', 15],
      ['sched', 15],
      ['open', 12],
      ['forward', 102],
      ['neigh', 100],
    ],
  )
})

t.test('alerts: the worst first, and not what any network has', async t => {
  const services = {
    total: 2,
    matched: 2,
    first: 0,
    rows: [mockService(0, 2, 1), { ...mockService(2, 2, 1), destinations: [] }],
  }
  const tick = mockTick(1e12, 1, services, 2)
  const drops = [
    { reason: 'drop-not-ours', count: 9, rate: 900 },
    { reason: 'drop-ttl', count: 9, rate: 0.5 },
    { reason: 'drop-table-full', count: 9, rate: 4 },
  ]
  const found = alertsOf({ ...tick, drops, connections: { ...tick.connections, open: 900, capacity: 1000 } })
  t.strictSame(
    found.map(({ level, kind, subject }) => [level, kind, subject]),
    [
      ['bad', 'health', ''],
      ['bad', 'no-server', 'TCP 192.168.10.2:80'],
      ['warn', 'table', ''],
      ['warn', 'drops', 'drop-table-full'],
    ],
  )
})
