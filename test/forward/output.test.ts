import { readU16 } from '../support/octets.js'
import t from 'tap'
import {
  BenchDirector,
  CLIENT_MAC,
  DIP_C,
  errorAbout,
  fromClient,
  fromServer,
  MAC_R,
  on,
  oneHopOn,
  toClient,
  toGateway,
  toServer,
  VIP,
} from '../support/bench-director.js'
import { icmp4, partialHeader, tcp4, udp4, virtioHeader } from '../support/frames.js'

const TCPV4 = 1
const UDP_L4 = 5

const sent = (to: string, eth: { eth: string }): Uint8Array => tcp4(`10.99.1.10:1 > ${to}:1`, { ...eth, ttl: 63 })

t.test('by the longest route: on the link, by a gateway, by the default', async t => {
  const bench = new BenchDirector({ routes: ['default=10.99.1.254', '192.0.2.0/24=10.99.2.13', '192.0.2.7=@r'] })
  const send = (to: string): string[] => bench.turn('c', tcp4(`10.99.1.10:1 > ${to}:1`, fromClient))
  t.strictSame(send('10.99.2.12'), ['forwarded', on('r', sent('10.99.2.12', toServer(12)))], 'on the link')
  t.strictSame(send('192.0.2.99'), ['forwarded', on('r', sent('192.0.2.99', toServer(13)))], 'by a gateway')
  t.strictSame(send('8.8.8.8'), ['forwarded', on('c', sent('8.8.8.8', toGateway))], 'by the default')
  t.match(send('192.0.2.7'), ['held', /^r arp request 192\.0\.2\.7 /], 'its own route, on the link of r')
})

t.test('the route’s MTU decides, not the interface’s', async t => {
  const bench = new BenchDirector({ routes: ['10.99.2.12/32=@r,mtu=1400'] })
  for (const [server, payload, fits] of [
    [11, 1460, true],
    [11, 1461, false],
    [12, 1360, true],
    [12, 1361, false],
  ] as const) {
    const frame = tcp4(`10.99.1.10:1 > 10.99.2.${server}:1`, { ...fromClient, payload })
    const [verdict, sent] = bench.turn('c', frame)
    t.equal(verdict, fits ? 'forwarded' : 'drop-too-big', `${payload} octets to .${server}`)
    if (!fits) t.match(sent, /icmp 3\/4/)
  }
})

t.test('fragmentation needed names the route’s MTU and quotes the packet as it came', async t => {
  const bench = new BenchDirector({ routes: ['10.99.2.12/32=@r,mtu=1400'] })
  const frame = tcp4('10.99.1.10:1 > 10.99.2.12:1', { ...fromClient, payload: 1361 })
  bench.receive('c', frame)
  const [sent] = bench.take()
  const packet = frame.slice(14)
  const error = { type: 3, code: 4, rest: 1400, ...toClient }
  t.equal(on('c', sent!.frame), on('c', errorAbout(packet, `${DIP_C} > 10.99.1.10`, error, sent!.frame)))
})

t.test('without DF it leaves in pieces', async t => {
  const bench = new BenchDirector({ routes: ['10.99.2.12/32=@r,mtu=1400'] })
  t.equal(
    bench.receive('c', tcp4('10.99.1.10:1 > 10.99.2.12:1', { ...fromClient, payload: 1361, df: false })),
    'forwarded',
  )
  t.strictSame(
    bench.take().map(({ frame }) => readU16(frame, 16)),
    [1396, 25],
  )
})

t.test('a GSO frame passes when the segments that it stands for fit', async t => {
  const bench = new BenchDirector({ routes: ['10.99.2.11/32=@r,mtu=1400', '10.99.2.12/32=@r,mtu=1400'] })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  bench.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient))
  bench.take()
  for (const to of ['10.99.2.12:1', `${VIP}:80`])
    for (const [tcpOptions, gsoSize, fits] of [
      [0, 1360, true],
      [0, 1361, false],
      [12, 1348, true],
      [12, 1349, false],
    ] as const) {
      const more = { flags: 'A', payload: 20_000, tcpOptions: new Uint8Array(tcpOptions).fill(1), partial: true }
      const frame = tcp4(`10.99.1.10:1 > ${to}`, { ...fromClient, ...more })
      const verdict = bench.receive('c', frame, partialHeader(frame, { gsoType: TCPV4, gsoSize }))
      const [sent] = bench.take()
      const what = `${gsoSize} and ${tcpOptions} octets of options to ${to}`
      if (fits) {
        t.equal(verdict, to === '10.99.2.12:1' ? 'forwarded' : 'balanced', what)
        t.strictSame(sent!.header, partialHeader(frame, { gsoType: TCPV4, gsoSize, hdrLen: 54 + tcpOptions }), what)
      } else {
        t.equal(verdict, 'drop-too-big', what)
        t.equal(sent!.frame.length, 14 + 576, 'and an error tells')
        t.strictSame(sent!.header, virtioHeader())
      }
    }
})

t.test('UDP segments are measured by the UDP header', async t => {
  const bench = new BenchDirector({ routes: ['10.99.2.12/32=@r,mtu=1400'] })
  for (const [gsoSize, fits] of [
    [1372, true],
    [1373, false],
  ] as const) {
    const frame = udp4('10.99.1.10:1 > 10.99.2.12:1', { ...fromClient, payload: 9000, partial: true })
    const verdict = bench.receive('c', frame, partialHeader(frame, { gsoType: UDP_L4, gsoSize }))
    t.equal(verdict, fits ? 'forwarded' : 'drop-too-big', `${gsoSize}`)
    if (fits) t.strictSame(bench.take()[0]!.header, partialHeader(frame, { gsoType: UDP_L4, gsoSize, hdrLen: 42 }))
    bench.take()
  }
})

t.test('a gso_size without a GSO type means nothing', async t => {
  const bench = new BenchDirector()
  const frame = tcp4('10.99.1.10:1 > 10.99.2.12:1', { ...fromClient, payload: 2000 })
  t.equal(bench.receive('c', frame, virtioHeader({ gsoSize: 1000 })), 'drop-too-big')
})

t.test('no route: net unreachable for the forwarded, host unreachable for the balanced', async t => {
  const bench = new BenchDirector({ routes: [] })
  bench.serve('tcp', `${VIP}:80`, '192.0.2.1:80')
  const forwarded = tcp4('10.99.1.10:1 > 192.0.2.1:1', fromClient)
  t.equal(bench.receive('c', forwarded), 'drop-no-route')
  const [net] = bench.take()
  t.equal(
    on('c', net!.frame),
    on('c', errorAbout(forwarded.slice(14), `${DIP_C} > 10.99.1.10`, { type: 3, code: 0, ...toClient }, net!.frame)),
  )
  const balanced = tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient)
  t.equal(bench.receive('c', balanced), 'drop-no-route')
  const [host] = bench.take()
  t.equal(
    on('c', host!.frame),
    on('c', errorAbout(balanced.slice(14), `${VIP} > 10.99.1.10`, { type: 3, code: 1, ...toClient }, host!.frame)),
  )
})

t.test('a packet may leave by the link it came in by', async t => {
  const bench = new BenchDirector()
  t.strictSame(bench.turn('r', tcp4('10.99.2.11:1 > 10.99.2.12:1', fromServer())), [
    'forwarded',
    on('r', tcp4('10.99.2.11:1 > 10.99.2.12:1', { ...toServer(12), ttl: 63 })),
  ])
})

t.test('our MAC is the sender’s on whatever we send', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  for (const frame of [
    tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient),
    tcp4('10.99.1.10:1 > 10.99.2.12:1', fromClient),
    icmp4('10.99.1.10 > 10.99.2.1', { type: 8, ...fromClient }),
  ]) {
    bench.receive('c', frame)
    const [sent] = bench.take()
    const mac = sent!.link === 'r' ? MAC_R : '02:00:00:00:01:01'
    t.strictSame(
      Array.from(sent!.frame.slice(6, 12)),
      mac.split(':').map(octet => parseInt(octet, 16)),
    )
    t.not(CLIENT_MAC, mac)
  }
})

t.test('the packet is as it came but for TTL and MACs', async t => {
  const bench = new BenchDirector()
  const frame = tcp4('10.99.1.10:1 > 10.99.2.12:1', { ...fromClient, payload: 33, tos: 7, id: 9, df: false, ttl: 2 })
  bench.receive('c', frame)
  t.strictSame(bench.take()[0]!.frame.slice(14), oneHopOn(frame))
})
