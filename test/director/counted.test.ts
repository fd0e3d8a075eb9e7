import t from 'tap'
import type { ConnectionPage, MethodName, ServicePage, StatsInfo, TotalsInfo } from '../../src/control/protocol/api.js'
import { fromClient, fromServer, VIP } from '../support/bench-director.js'
import { tcp4, udp4 } from '../support/frames.js'
import { FullnatBench, LIP } from '../support/fullnat-bench.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

/* What counts, in every forwarding method: a tally kept beside the director. */

const SERVERS = ['10.99.2.11', '10.99.2.12', '10.99.2.13']
const CLIENTS = 12
const FIELDS = ['conns', 'inPkts', 'outPkts', 'inBytes', 'outBytes'] as const

const zeros = (): StatsInfo => ({ conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 })
function sum(all: readonly StatsInfo[]): StatsInfo {
  const total = zeros()
  for (const stats of all) for (const field of FIELDS) total[field] += stats[field]
  return total
}

interface Served {
  name: string
  protocol: 'tcp' | 'udp'
  port: number
  method: MethodName
  more?: { persistence?: number; onePacket?: boolean }
}
const SERVED: Served[] = [
  { name: 'NAT', protocol: 'tcp', port: 80, method: 'masq' },
  { name: 'NAT, persistent', protocol: 'tcp', port: 81, method: 'masq', more: { persistence: 60 } },
  { name: 'NAT of UDP', protocol: 'udp', port: 53, method: 'masq' },
  { name: 'NAT, one-packet', protocol: 'udp', port: 54, method: 'masq', more: { onePacket: true } },
  { name: 'direct routing', protocol: 'tcp', port: 82, method: 'direct' },
  { name: 'a tunnel', protocol: 'tcp', port: 83, method: 'tunnel' },
  { name: 'FULLNAT', protocol: 'tcp', port: 84, method: 'fullnat' },
]

function bench(): FullnatBench {
  const made = new FullnatBench()
  for (const { protocol, port, method, more } of SERVED) {
    const service = { protocol, address: VIP, port }
    made.must({ op: 'add-service', service, settings: serviceSettings('rr', more) })
    for (const address of SERVERS)
      made.must({
        op: 'add-destination',
        service,
        destination: { address, port },
        settings: destinationSettings(1, { method }),
      })
    if (method === 'fullnat') made.must({ op: 'add-local-address', service, address: LIP })
  }
  made.poll()
  return made
}

/** Packets of client `i` and, where they come by the director, the real server's answers. */
function talk(made: FullnatBench, { protocol, port, method, more }: Served, i: number): StatsInfo {
  const tally = zeros()
  const cport = 40_000 + i
  const inbound = (flags: string, payload: number): void => {
    const frame =
      protocol === 'tcp'
        ? tcp4(`10.99.1.${10 + i}:${cport} > ${VIP}:${port}`, { ...fromClient, flags, payload })
        : udp4(`10.99.1.${10 + i}:${cport} > ${VIP}:${port}`, { ...fromClient, payload })
    made.receive('c', frame)
    tally.inPkts++
    tally.inBytes += frame.length - 14
  }
  inbound('S', 0)
  tally.conns = 1
  for (let n = 0; n <= i % 3; n++) inbound('A', 10 * i + n)
  made.take()
  if (more?.onePacket) tally.conns = tally.inPkts
  const { rows } = made.ask({ op: 'connections', from: 0 }) as ConnectionPage
  const row = rows.find(found => found.cport === cport && found.vport === port)
  if (!row || method === 'direct' || method === 'tunnel') return tally
  const to = method === 'fullnat' ? `${row.laddr}:${row.lport}` : `10.99.1.${10 + i}:${cport}`
  const eth = fromServer(Number(row.daddr.split('.')[3]))
  for (let n = 0; n <= i % 2; n++) {
    const from = `${row.daddr}:${port}`
    const frame =
      protocol === 'tcp'
        ? tcp4(`${from} > ${to}`, { ...eth, flags: 'A', payload: 100 + i })
        : udp4(`${from} > ${to}`, { ...eth, payload: 100 + i })
    made.receive('r', frame)
    tally.outPkts++
    tally.outBytes += frame.length - 14
  }
  made.take()
  return tally
}

t.test('connections, packets and octets count for destination, service and totals, in every method', async t => {
  const made = bench()
  const tallies = SERVED.map(served => sum(Array.from({ length: CLIENTS }, (_, i) => talk(made, served, i))))
  made.poll(2000)
  const { rows } = made.ask({ op: 'services' }) as ServicePage
  for (const [at, { name, port }] of SERVED.entries()) {
    const found = rows.find(service => 'port' in service && service.port === port)!
    t.strictSame(found.stats, tallies[at], `${name}: the service`)
    t.strictSame(sum(found.destinations.map(dest => dest.stats)), found.stats, `${name}: its destinations together`)
    t.ok(
      found.destinations.every(dest => dest.stats.conns > 0),
      `${name}: each has some`,
    )
  }
  const { stats, live } = made.ask({ op: 'totals' }) as TotalsInfo
  t.strictSame(stats, sum(tallies), 'the totals')
  t.strictSame(live, stats)
})

t.test('what is dropped before it has a connection, and what is only routed, counts nowhere', async t => {
  const made = bench()
  made.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, flags: 'A' }))
  made.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:99`, { ...fromClient, flags: 'S' }))
  made.receive('r', tcp4('10.99.2.11:80 > 10.99.1.10:9', { ...fromServer(), flags: 'A' }))
  made.poll(2000)
  t.match(made.ask({ op: 'totals' }), { stats: zeros(), live: zeros() })
})
