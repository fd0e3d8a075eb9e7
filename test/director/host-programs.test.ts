import t from 'tap'
import type { KernelState } from '../../src/director/kernel-follower.js'
import { parseCidr, parseIpv4, parseMac } from '../../src/wire/addr.js'
import { GsoType } from '../../src/wire/virtio-net.js'
import { BenchDirector, fromServer, MAC_C, MAC_R, on, toServer, VIP } from '../support/bench-director.js'
import { icmp4, packetOf, partialHeader, tcp4, udp4 } from '../support/frames.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

/*
 * Programs of the director's own host as clients, beside its kernel, which holds 10.99.1.1, 10.99.2.1 and the VIP. What real servers see and
 * what comes back is as Linux 6.1 does it (UML, 2026-11-30): source the VIP, or what the program is bound to, TTL one less.
 */

const DIP = '10.99.1.1'
const LIP = '10.99.2.50'
const cidr = (text: string) => parseCidr(text)!
const STATE: KernelState = {
  links: [MAC_C, MAC_R].map(mac => ({ mac: parseMac(mac)!, mtu: 1500 })),
  addresses: [
    { ...cidr('10.99.1.1/24'), link: 0 },
    { ...cidr('10.99.2.1/24'), link: 1 },
  ],
  held: ['127.0.0.1', DIP, '10.99.2.1', VIP].map(text => parseIpv4(text)!),
  heldBlocks: [cidr('127.0.0.0/8')],
  routes: [
    { to: cidr('10.99.1.0/24'), way: { link: 0, gateway: undefined }, mtu: undefined },
    { to: cidr('10.99.2.0/24'), way: { link: 1, gateway: undefined }, mtu: undefined },
  ],
}
const LINKS = [
  { name: 'c', mac: MAC_C, mtu: 1500, isBeside: true },
  { name: 'r', mac: MAC_R, mtu: 1500, isBeside: true },
]
const SERVICE = { protocol: 'tcp', address: VIP, port: 80 } as const
type Way = 'direct' | 'tunnel' | 'masq' | 'fullnat'

function host(
  way: Way,
  server = '10.99.2.11',
  service: { protocol: 'tcp' | 'udp'; address: string; port: number } = SERVICE,
  persistence = 0,
) {
  const bench = new BenchDirector({ links: LINKS, addresses: [], routes: [], loopback: 'lo' })
  bench.director.follow(STATE)
  bench.must({ op: 'add-service', service, settings: serviceSettings('rr', { persistence }) })
  if (way === 'fullnat') bench.must({ op: 'add-local-address', service, address: LIP })
  const destination = { address: server, port: service.port }
  bench.must({ op: 'add-destination', service, destination, settings: destinationSettings(1, { method: way }) })
  bench.poll()
  bench.take()
  return bench
}
/** As the loopback interface carries it. */
const inside = { eth: '00:00:00:00:00:00 > 00:00:00:00:00:00' }
const syn = (from = VIP): Uint8Array => tcp4(`${from}:40000 > ${VIP}:80`, { ...inside, flags: 'S' })

for (const from of [VIP, DIP])
  t.test(`by NAT, from ${from}: there, back by loopback, and counted`, async t => {
    const bench = host('masq')
    t.strictSame(bench.turn('lo', syn(from)), [
      'balanced',
      on('r', tcp4(`${from}:40000 > 10.99.2.11:80`, { ...toServer(), flags: 'S', ttl: 63 })),
    ])
    const answer = tcp4(`10.99.2.11:80 > ${from}:40000`, { ...fromServer(), flags: 'SA', ttl: 64 })
    const [verdict, ...sent] = bench.turn('r', answer)
    t.equal(verdict, 'balanced')
    // As it comes in locally: its TTL is not lowered. The Ethernet addresses do not matter.
    t.match(sent[0], /^lo /)
    t.strictSame(sent[0]?.slice(-80), on('lo', tcp4(`${VIP}:80 > ${from}:40000`, { flags: 'SA', ttl: 64 })).slice(-80))
    bench.poll(2000)
    bench.poll(2000)
    t.match(bench.services(), [{ stats: { conns: 1, inPkts: 1, outPkts: 1 } }])
  })

t.test('an answer keeps its connection', async t => {
  const bench = host('masq', '10.99.2.11', { protocol: 'udp', address: VIP, port: 53 })
  bench.receive('lo', udp4(`${VIP}:40000 > ${VIP}:53`, { ...inside, payload: new Uint8Array(8) }))
  const answer = udp4(`10.99.2.11:53 > ${VIP}:40000`, { ...fromServer(), payload: new Uint8Array(8) })
  for (const way of ['at once', 'later', 'later still']) {
    t.equal(bench.receive('r', answer), 'balanced', way)
    bench.take()
    for (let second = 0; second < 200; second++) bench.poll(1000)
  }
})

t.test('large segments go and come whole', async t => {
  const bench = host('masq')
  bench.receive('lo', syn())
  bench.receive('r', tcp4(`10.99.2.11:80 > ${VIP}:40000`, { ...fromServer(), flags: 'SA' }))
  bench.take()
  const payload = new Uint8Array(60_000).fill(7)
  const large = { gsoType: GsoType.TCPV4, gsoSize: 1448 }
  const request = tcp4(`${VIP}:40000 > ${VIP}:80`, { ...inside, flags: 'A', payload, partial: true })
  t.equal(bench.receive('lo', request, partialHeader(request, large)), 'balanced')
  t.match(
    bench.take().map(({ link, frame }) => [link, frame.length]),
    [['r', request.length]],
  )
  const answer = tcp4(`10.99.2.11:80 > ${VIP}:40000`, { ...fromServer(), flags: 'A', payload, partial: true })
  t.equal(bench.receive('r', answer, partialHeader(answer, large)), 'balanced')
  t.match(
    bench.take().map(({ link, frame }) => [link, frame.length]),
    [['lo', answer.length]],
  )
})

t.test('datagrams that a NIC has gathered come apart', async t => {
  const bench = host('masq', '10.99.2.11', { protocol: 'udp', address: VIP, port: 53 })
  t.equal(bench.receive('lo', udp4(`${VIP}:40000 > ${VIP}:53`, { ...inside, payload: new Uint8Array(8) })), 'balanced')
  bench.take()
  const gathered = udp4(`10.99.2.11:53 > ${VIP}:40000`, {
    ...fromServer(),
    payload: new Uint8Array(3000),
    partial: true,
  })
  bench.receive('r', gathered, partialHeader(gathered, { gsoType: GsoType.UDP_L4, gsoSize: 1000 }))
  t.strictSame(
    bench.take().map(({ link, frame }) => [link, frame.length]),
    Array.from({ length: 3 }, () => ['lo', 1042]),
  )
})

t.test('what is larger than the way is refused by an error to the program', async t => {
  const bench = host('masq', '10.99.2.11', { protocol: 'udp', address: VIP, port: 53 })
  const datagram = udp4(`${VIP}:40000 > ${VIP}:53`, { ...inside, df: true, payload: new Uint8Array(4000) })
  t.equal(bench.receive('lo', datagram), 'drop-too-big')
  t.match(
    bench.take().map(({ link, frame }) => [link, frame[34], frame[35]]),
    [['lo', 3, 4]],
  )
})

t.test('by FULLNAT', async t => {
  const bench = host('fullnat')
  t.equal(bench.receive('lo', syn()), 'balanced')
  const [there] = bench.take()
  t.equal(there?.link, 'r')
  const port = new DataView(there!.frame.buffer, there!.frame.byteOffset).getUint16(34)
  for (const flags of ['SA', 'A']) {
    t.equal(bench.receive('r', tcp4(`10.99.2.11:80 > ${LIP}:${port}`, { ...fromServer(), flags })), 'balanced')
    t.match(
      bench.out(),
      [/^lo .*10\.99\.1\.100:80 > 10\.99\.1\.100:40000/],
      `${flags}: not by the fast path, which leads to the wire`,
    )
  }
})

t.test('by direct routing and tunnels it goes there, and nothing comes back', async t => {
  const direct = host('direct')
  t.strictSame(direct.turn('lo', syn()), [
    'balanced',
    on('r', tcp4(`${VIP}:40000 > ${VIP}:80`, { ...toServer(), flags: 'S', ttl: 63 })),
  ])
  t.equal(
    direct.receive('r', tcp4(`${VIP}:80 > ${DIP}:40000`, { ...fromServer(), flags: 'SA' })),
    'drop-source-is-ours',
  )
  const tunnel = host('tunnel')
  t.equal(tunnel.receive('lo', syn()), 'balanced')
  t.match(
    tunnel.take().map(({ link }) => link),
    ['r'],
  )
})

t.test('no destination, and one that does not answer: the program hears of it', async t => {
  const none = host('masq')
  none.must({ op: 'delete-destination', service: SERVICE, destination: { address: '10.99.2.11', port: 80 } })
  t.equal(none.receive('lo', syn()), 'drop-no-destination')
  t.match(
    none.take().map(({ link, frame }) => [link, frame[34], frame[35]]),
    [['lo', 3, 3]],
  )
  const silent = host('masq', '10.99.2.99')
  t.equal(silent.receive('lo', syn()), 'held')
  const later = silent.run(4000).filter(line => line.includes(' lo '))
  t.match(later, [/ lo .*10\.99\.1\.1.* > 10\.99\.1\.100/], 'host unreachable')
})

t.test("a router's error about its packet reaches it, with the virtual service's address", async t => {
  const bench = host('masq')
  bench.receive('lo', syn())
  const sent = bench.take()[0]!.frame
  const error = icmp4(`10.99.2.254 > ${VIP}`, { ...fromServer(), type: 3, code: 4, payload: packetOf(sent) })
  t.equal(bench.receive('r', error), 'balanced')
  const [back] = bench.take()
  t.equal(back?.link, 'lo')
  t.strictSame([...back!.frame.subarray(58, 62)], [10, 99, 1, 100], 'quotes the packet as the program sent it')
})

t.test('what is of no service, and what a local node gets and answers, is the kernel’s', async t => {
  const bench = host('direct', '127.0.0.1')
  t.equal(bench.receive('lo', tcp4(`${VIP}:40000 > ${VIP}:81`, { ...inside, flags: 'S' })), 'left-to-kernel')
  t.equal(bench.receive('lo', syn()), 'left-to-kernel')
  t.equal(bench.receive('lo', tcp4(`${VIP}:80 > ${VIP}:40000`, { ...inside, flags: 'SA' })), 'left-to-kernel')
  t.match(
    bench.take().map(({ link }) => link),
    ['kernel lo', 'kernel lo', 'kernel lo'],
  )
})

t.test('a service of all ports opens nothing for the answer of a local node', async t => {
  const bench = host('direct', '127.0.0.1', { ...SERVICE, port: 0 }, 60)
  t.equal(bench.receive('lo', syn()), 'left-to-kernel')
  t.equal(bench.receive('lo', tcp4(`${VIP}:80 > ${VIP}:40000`, { ...inside, flags: 'SA' })), 'left-to-kernel')
  bench.poll(2000)
  bench.poll(2000)
  t.match(bench.services(), [{ stats: { conns: 1 } }])
})

t.test('a source of the loopback network is refused, and on other links our own is', async t => {
  const bench = host('masq')
  t.equal(bench.receive('lo', syn('127.0.0.1')), 'drop-source-invalid')
  t.equal(
    bench.receive('c', tcp4(`${VIP}:40000 > ${VIP}:80`, { eth: `02:00:00:00:01:10 > ${MAC_C}`, flags: 'S' })),
    'drop-source-is-ours',
  )
})
