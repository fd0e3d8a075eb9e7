import t from 'tap'
import type { Watcher, Witness } from '../../src/director/path/witness.js'
import {
  BenchDirector,
  fromClient,
  fromGateway,
  fromServer,
  MAC_C,
  on,
  toServer,
  VIP,
} from '../support/bench-director.js'
import { arp, icmp4, packetOf, tcp4, udp4 } from '../support/frames.js'

/** A stretch of mixed traffic, timers included; every line that came of it. */
function traffic(seed: number, watcher?: Watcher): string[] {
  const bench = new BenchDirector({ seed, maxConnections: 300 })
  if (watcher) bench.director.watchBy(watcher)
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80 3', '10.99.2.12:80 1', '10.99.2.77:80 1')
  bench.serveBy('wlc', 'udp', `${VIP}:53`, '10.99.2.13:53', '10.99.2.14:53')
  const lines: string[] = []
  for (let i = 0; i < 600; i++) {
    const client = `10.99.1.${10 + (i % 20)}:${1000 + (i % 97)}`
    const frames: [string, Uint8Array][] = [
      ['c', tcp4(`${client} > ${VIP}:80`, { ...fromClient, flags: i % 3 ? 'A' : 'S', payload: i % 50 })],
      ['c', udp4(`${client} > ${VIP}:53`, { ...fromClient, payload: i % 40 })],
      ['r', tcp4(`10.99.2.11:80 > ${client}`, { ...fromServer(), flags: i % 7 ? 'A' : 'FA' })],
      ['c', icmp4(`10.99.1.10 > ${VIP}`, { type: 8, ...fromClient, payload: i % 30 })],
      ['c', udp4(`8.8.8.8:1 > ${VIP}:9`, fromGateway)],
      ['c', tcp4(`${client} > 10.99.2.${i % 100}:1`, fromClient)],
      ['c', arp({ operation: 'request', senderMac: '02:00:00:00:01:77', senderAddr: '10.99.1.77', targetAddr: VIP })],
      [
        'r',
        icmp4('10.99.2.11 > 10.99.1.10', {
          type: 3,
          code: 1,
          ...fromServer(),
          payload: packetOf(tcp4(`${client} > 10.99.2.11:80`)),
        }),
      ],
    ]
    for (const [link, frame] of frames) lines.push(...bench.turn(link, frame))
    lines.push(...bench.run(50))
  }
  lines.push(
    JSON.stringify(bench.director.verdictCounters.byName()),
    JSON.stringify(bench.ask({ op: 'connections', from: 0 })),
  )
  lines.push(JSON.stringify(bench.services()))
  return lines
}

t.test('the same frames, seed and times give the same output to the bit', async t => {
  const first = traffic(7)
  t.ok(first.length > 6000, `${first.length} lines`)
  t.ok(first.join('\n') === traffic(7).join('\n'))
})

t.test('who watches all packets, or every third, changes nothing', async t => {
  const unwatched = traffic(7).join('\n')
  let told = 0
  const note = (): void => void told++
  const witness: Witness = {
    lookedUp: note,
    setAside: note,
    service: note,
    template: note,
    choosing: note,
    chosen: note,
    routed: note,
    sent: note,
    decided: note,
  }
  t.ok(traffic(7, () => witness).join('\n') === unwatched)
  t.ok(told > 10_000, `told ${told} times`)
  let frames = 0
  t.ok(traffic(7, () => (frames++ % 3 === 0 ? witness : undefined)).join('\n') === unwatched)
})

/** Without the octets behind the words, which hold the identification. */
const words = (lines: string[]): string[] => lines.slice(0, -3).map(line => line.replace(/ [0-9a-f]+$/, ''))

t.test('what the output owes to the seed are IP identifications and the order of the connection table', async t => {
  const [one, other] = [traffic(1), traffic(2)]
  t.equal(one.length, other.length)
  t.notOk(one.join('\n') === other.join('\n'))
  t.strictSame(words(one), words(other))
})

t.test('frames are taken by our MAC, broadcast and multicast; EtherTypes other than IPv4 and ARP are not', async t => {
  const bench = new BenchDirector()
  const to = (mac: string): string =>
    bench.receive('c', tcp4('10.99.1.10:1 > 10.99.2.11:1', { eth: `02:00:00:00:01:10 > ${mac}` }))
  t.strictSame([MAC_C, '02:00:00:00:02:01', '02:00:00:00:01:00', '03:00:00:00:01:01', 'ff:ff:ff:ff:ff:ff'].map(to), [
    'forwarded',
    'drop-not-ours',
    'drop-not-ours',
    'drop-broadcast',
    'drop-broadcast',
  ])
  for (const type of [0x86dd, 0x8100, 0x88a8, 0x0801, 0x05dc, 0x0000]) {
    const frame = tcp4('10.99.1.10:1 > 10.99.2.11:1', fromClient)
    frame.set([type >> 8, type & 255], 12)
    t.equal(bench.receive('c', frame), 'drop-ethertype', type.toString(16))
  }
})

t.test('a frame to our other link’s MAC is not ours', async t => {
  const bench = new BenchDirector()
  t.equal(
    bench.receive('r', tcp4('10.99.2.11:1 > 10.99.1.10:1', { eth: `02:00:00:00:02:11 > ${MAC_C}` })),
    'drop-not-ours',
  )
})

t.test('reset forgets services, connections and counters, not addresses, routes and neighbours', async t => {
  const bench = new BenchDirector({ vips: ['10.99.1.101'] })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  bench.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient))
  bench.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, flags: 'A' }))
  bench.poll(2000)
  bench.must({ op: 'reset' })
  bench.take()
  t.strictSame(bench.services(), [])
  t.strictSame(bench.ask({ op: 'connections', from: 0 }), { rows: [], next: null })
  t.strictSame(
    Object.values(bench.director.verdictCounters.byName()).filter(count => count !== 0),
    [],
  )
  t.match(bench.turn('c', icmp4('10.99.1.10 > 10.99.1.101', { type: 8, ...fromClient })), ['answered', /icmp 0\/0/])
  t.match(bench.turn('c', tcp4('10.99.1.10:1 > 10.99.2.11:1', fromClient)), ['forwarded', /tcp S/])
  bench.serve('tcp', `${VIP}:80`, '10.99.2.12:80')
  t.strictSame(bench.turn('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient)), [
    'balanced',
    on('r', tcp4('10.99.1.10:1 > 10.99.2.12:80', { ...toServer(12), ttl: 63 })),
  ])
  bench.poll(2000)
  t.match(bench.services(), [{ stats: { conns: 1, inPkts: 1 }, destinations: [{ activeConns: 1 }] }])
})

t.test('connections of before a reset do not come due after it', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  for (let port = 1; port < 200; port++) bench.receive('c', tcp4(`10.99.1.10:${port + 100} > ${VIP}:80`, fromClient))
  bench.must({ op: 'reset' })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.12:80')
  bench.receive('c', tcp4(`10.99.1.10:5000 > ${VIP}:80`, fromClient))
  bench.run(59_000)
  t.match(bench.services(), [{ destinations: [{ activeConns: 1, inactConns: 0 }] }])
  bench.run(2000)
  t.match(bench.services(), [{ destinations: [{ activeConns: 0, inactConns: 0 }] }])
})

t.test('static neighbours and routes are what was asked for', async t => {
  const bench = new BenchDirector({
    neighbours: ['10.99.2.50=02:00:00:00:02:50@r', '10.99.1.10=02:00:00:00:01:10@c'],
    routes: ['192.0.2.0/24=10.99.2.50'],
  })
  t.strictSame(bench.turn('c', tcp4('10.99.1.10:1 > 192.0.2.1:1', fromClient)), [
    'forwarded',
    on('r', tcp4('10.99.1.10:1 > 192.0.2.1:1', { ...toServer(50), ttl: 63 })),
  ])
})
