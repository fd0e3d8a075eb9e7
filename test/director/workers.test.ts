import t from 'tap'
import { SharedCounts } from '../../src/service/shared-counts.js'
import type { DestinationInfo } from '../../src/control/protocol/api.js'
import type { DirectorOptions } from '../../src/director/options.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { arp, tcp4 } from '../support/frames.js'
import { FullnatBench } from '../support/fullnat-bench.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const VS = `${VIP}:80`
const service = { protocol: 'tcp', address: VIP, port: 80 } as const
const server = (n: number): { address: string; port: number } => ({ address: `10.99.2.${n}`, port: 80 })

function workers(of: number, options: Partial<DirectorOptions> = {}): BenchDirector[] {
  const counts = new SharedCounts()
  return Array.from({ length: of }, (_, index) => new BenchDirector({ ...options, worker: { index, of, counts } }))
}

function destinations(bench: BenchDirector): DestinationInfo[] {
  const [only] = bench.services() as { destinations: DestinationInfo[] }[]
  return only!.destinations
}
function counted(bench: BenchDirector): Partial<DestinationInfo>[] {
  return destinations(bench).map(({ address, activeConns, inactConns }) => ({ address, activeConns, inactConns }))
}
/** `client` opens a connection: the real server's last octet, or the verdict where there is none. */
function open(bench: BenchDirector, client: number, flags = 'S'): string {
  const verdict = bench.receive('c', tcp4(`10.99.1.10:${client} > ${VS}`, { ...fromClient, flags }))
  const sent = bench.take().find(({ link }) => link === 'r')
  return verdict === 'balanced' ? String(sent!.frame[33]) : verdict
}

for (const scheduler of ['lc', 'wlc', 'sed', 'nq'])
  t.test(`${scheduler} over two directors decides as one director would`, async t => {
    const one = new BenchDirector()
    const two = workers(2)
    for (const bench of [one, ...two]) {
      bench.must({ op: 'add-service', service, settings: serviceSettings(scheduler) })
      for (const [n, weight] of [
        [11, 3],
        [12, 2],
        [13, 1],
      ] as const)
        bench.must({ op: 'add-destination', service, destination: server(n), settings: destinationSettings(weight) })
    }
    const [expected, met]: string[][] = [[], []]
    for (let i = 0; i < 60; i++) {
      // Some become active; every fifth is reset, and so inactive until its timer fires.
      const mine = two[(i * 7 + (i >> 2)) % 2]!
      for (const [bench, list] of [
        [one, expected!],
        [mine, met!],
      ] as const) {
        const chosen = open(bench, 2000 + i)
        list.push(chosen)
        if (i % 3 === 0) continue
        const back = { ...fromServer(Number(chosen)) }
        bench.receive('r', tcp4(`10.99.2.${chosen}:80 > 10.99.1.10:${2000 + i}`, { ...back, flags: 'SA' }))
        bench.receive('c', tcp4(`10.99.1.10:${2000 + i} > ${VS}`, { ...fromClient, flags: i % 5 === 0 ? 'R' : 'A' }))
        bench.take()
      }
      for (const bench of [one, ...two]) bench.poll(700)
    }
    t.strictSame(met, expected)
    t.equal(new Set(met).size, 3, 'each real server has had some')
    t.strictSame(counted(two[0]!), counted(one))
    t.strictSame(counted(two[1]!), counted(one))
  })

t.test('a threshold is of all of them together', async t => {
  const [a, b] = workers(2) as [BenchDirector, BenchDirector]
  for (const bench of [a, b]) {
    bench.must({ op: 'add-service', service, settings: serviceSettings('rr') })
    const settings = destinationSettings(1, { upperThreshold: 3, lowerThreshold: 2 })
    bench.must({ op: 'add-destination', service, destination: server(11), settings })
  }
  t.strictSame([open(a, 1001), open(b, 1002), open(a, 1003)], ['11', '11', '11'])
  t.equal(open(b, 1004), 'drop-no-destination')
  t.equal(open(a, 1005), 'drop-no-destination')
  a.receive('c', tcp4(`10.99.1.10:1001 > ${VS}`, { ...fromClient, flags: 'R' }))
  for (const bench of [a, b]) bench.poll(61_000) // CLOSE and SYN_RECV end
  t.match(destinations(b), [{ activeConns: 0, inactConns: 0 }])
  t.equal(open(b, 1006), '11')
})

t.test('a deleted real server that has connections in one only comes back in all with its counts', async t => {
  const [a, b] = workers(2) as [BenchDirector, BenchDirector]
  const settings = destinationSettings(1)
  const change = (op: 'add-destination' | 'delete-destination'): void => {
    for (const bench of [a, b])
      if (op === 'add-destination') bench.must({ op, service, destination: server(11), settings })
      else bench.must({ op, service, destination: server(11) })
  }
  for (const bench of [a, b]) bench.must({ op: 'add-service', service, settings: serviceSettings('lc') })
  change('add-destination')
  open(b, 1001)
  const established = tcp4(`10.99.2.11:80 > 10.99.1.10:1001`, { ...fromServer(), flags: 'SA' })
  b.receive('r', established)
  b.receive('c', tcp4(`10.99.1.10:1001 > ${VS}`, { ...fromClient, flags: 'A' }))
  change('delete-destination')
  for (let i = 0; i < 5; i++) for (const bench of [a, b]) bench.poll(60_000)
  change('add-destination')
  for (const bench of [a, b]) t.match(destinations(bench), [{ activeConns: 1, inactConns: 0 }])
  t.equal(a.director.balancing.destinations.shared!.held, 1)
})

t.test('when all are reset, nothing is left of their counts', async t => {
  const all = workers(3)
  for (const bench of all) {
    bench.must({ op: 'add-service', service, settings: serviceSettings('lc') })
    bench.must({ op: 'add-destination', service, destination: server(11), settings: destinationSettings(1) })
  }
  for (const [i, bench] of all.entries()) open(bench, 1000 + i)
  t.match(destinations(all[0]!), [{ activeConns: 3 }])
  for (const bench of all) bench.must({ op: 'reset' })
  t.equal(all[0]!.director.balancing.destinations.shared!.held, 0)
  const [bench] = all as [BenchDirector]
  bench.must({ op: 'add-service', service, settings: serviceSettings('lc') })
  bench.must({ op: 'add-destination', service, destination: server(11), settings: destinationSettings(1) })
  t.match(destinations(bench), [{ activeConns: 0, inactConns: 0, persistConns: 0 }])
})

t.test('no room for another real server is refused', async t => {
  const [a] = workers(2) as [BenchDirector]
  a.must({ op: 'add-service', service, settings: serviceSettings('lc') })
  a.director.balancing.destinations.shared!.words[2] = 2 ** 20
  const settings = destinationSettings(1)
  t.equal(a.ask({ op: 'add-destination', service, destination: server(11), settings }), 'ENOMEM')
  t.strictSame(destinations(a), [])
})

t.test('the first answers ARP and announces; the others listen, and count nothing of it', async t => {
  const [first, second] = workers(2, { addresses: ['10.99.1.1/24@c', '10.99.2.1/24@r'] }) as [
    BenchDirector,
    BenchDirector,
  ]
  for (const bench of [first, second]) {
    bench.must({ op: 'add-service', service, settings: serviceSettings('rr') })
    bench.poll()
  }
  t.equal(first.take().length, 1, 'a gratuitous ARP for the VIP')
  t.equal(second.take().length, 0)
  const request = arp({
    operation: 'request',
    senderMac: '02:00:00:00:01:77',
    senderAddr: '10.99.1.77',
    targetAddr: VIP,
  })
  t.equal(first.receive('c', request), 'answered')
  t.equal(first.take().length, 1)
  const before = second.changes()
  second.receive('c', request)
  t.equal(second.take().length, 0)
  t.strictSame(second.changes(), {}, JSON.stringify(before))
  t.equal(second.director.held.learnt, 1, 'who asked is known')
})

t.test('each takes the local ports that are its own', async t => {
  const counts = new SharedCounts()
  const taken = [0, 1, 2].map(index => {
    const bench = new FullnatBench({ worker: { index, of: 3, counts } })
    bench.serveFullnat('tcp', VS)
    return Array.from({ length: 20 }, (_, i) => {
      const local = bench.localOf(tcp4(`10.99.1.10:${3000 + i} > ${VS}`, fromClient))
      return Number(local.split(':')[1])
    })
  })
  for (const [index, ports] of taken.entries()) {
    t.equal(new Set(ports).size, 20)
    t.strictSame(new Set(ports.map(port => port % 3)), new Set([index]))
  }
})
