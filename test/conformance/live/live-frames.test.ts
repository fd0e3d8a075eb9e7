import t from 'tap'
import { decode, hex, ip4, packetOf, payloadOf, udp4, unhex } from '../../support/frames.js'
import { readU16 } from '../../support/octets.js'
import { echoFrame, errorFrame, packetFrame, pieceFrame, tunnelErrorFrame } from './live-frames.js'
import { Routes } from './routes.js'
import type { ErrorStep, Flow, PacketStep, Protocol } from './scenario.js'

const SERVER = { address: '10.99.2.12', port: 8080 }

function flow(protocol: Protocol): Flow {
  const ends = { client: '198.51.100.7', clientPort: 40_000, vip: '10.99.1.100', vipPort: 80 }
  return { protocol, ...ends, server: '10.99.2.11', serverPort: 80 }
}
const SHAPE = { payloadLen: 3, ttl: 9, tos: 0, df: false, id: 1, ipOptions: '', checksum: 'right' } as const

t.test('the client speaks to the VIP, and the server to the client', async t => {
  const shape = { ...SHAPE, flags: 'SA' }
  const asked = decode(packetFrame({ kind: 'packet', flow: flow('tcp'), from: 'c', shape }, SERVER))
  t.match(asked, { 'eth.src': '02:00:00:00:01:fe', 'eth.dst': '02:00:00:00:01:01', 'ip.src': '198.51.100.7' })
  t.match(asked, { 'ip.dst': '10.99.1.100', 'ip.ttl': 9, 'ip.df': false, 'tcp.flags': 'SA', 'tcp.dstPort': 80 })
  const answered = decode(packetFrame({ kind: 'packet', flow: flow('tcp'), from: 'r', shape }, SERVER))
  t.match(answered, { 'eth.src': '02:00:00:00:02:12', 'eth.dst': '02:00:00:00:02:01', 'ip.src': '10.99.2.12' })
  t.match(answered, { 'ip.dst': '198.51.100.7', 'tcp.srcPort': 8080, 'tcp.dstPort': 40_000 })
})

t.test('SCTP has the checksum of RFC 3309', async t => {
  const shape = { ...SHAPE, payloadLen: 0, chunks: [10, 6] }
  const packet = payloadOf(packetFrame({ kind: 'packet', flow: flow('sctp'), from: 'c', shape }, SERVER))
  t.equal(hex(packet), `9c40005001020304${hex(packet.slice(8, 12))}0a00000801080f160600000801080f16`)
  const wrong = payloadOf(
    packetFrame({ kind: 'packet', flow: flow('sctp'), from: 'c', shape: { ...shape, checksum: 'wrong' } }, SERVER),
  )
  t.notSame(packet.slice(8, 12), wrong.slice(8, 12))
})

t.test('an error is about what its sender has got', async t => {
  const error: ErrorStep = {
    kind: 'error',
    flow: flow('udp'),
    from: 'c',
    type: 3,
    code: 3,
    router: undefined,
    ttl: 64,
    tos: 0xc0,
    df: false,
    checksum: 'right',
    mtu: 0,
    embeddedLen: 8,
    quotes: 'server',
  }
  const fromClient = decode(errorFrame(error, SERVER))
  t.match(fromClient, { 'ip.src': '198.51.100.7', 'ip.dst': '10.99.1.100', 'icmp.type': 3, 'icmp.code': 3 })
  t.match(fromClient, { 'in.ip.src': '10.99.1.100', 'in.ip.dst': '198.51.100.7', 'in.udp.srcPort': 80 })
  const fromRouter = decode(errorFrame({ ...error, from: 'r', router: '10.99.2.13', type: 11, code: 0 }, SERVER))
  t.match(fromRouter, { 'eth.src': '02:00:00:00:02:13', 'ip.src': '10.99.2.13', 'ip.dst': '198.51.100.7' })
  t.match(fromRouter, { 'in.ip.src': '198.51.100.7', 'in.ip.dst': '10.99.2.12', 'in.udp.dstPort': 8080 })
})

t.test('a flow stays with the server that its packets went to', async t => {
  const routes = new Routes()
  t.strictSame(routes.of(flow('udp')), { address: '10.99.2.11', port: 80 })
  const toServer = packetFrame(
    { kind: 'packet', flow: { ...flow('udp'), vip: '10.99.2.14', vipPort: 53 }, from: 'c', shape: SHAPE },
    SERVER,
  )
  t.equal(readU16(toServer, 36), 53)
  routes.learn(flow('udp'), [
    { side: 'c', frame: toServer },
    { side: 'r', frame: unhex('ffffffffffff0200000002010806') },
  ])
  t.strictSame(
    routes.of(flow('udp')),
    { address: '10.99.2.11', port: 80 },
    'neither what goes to clients nor ARP counts',
  )
  routes.learn(flow('udp'), [{ side: 'r', frame: toServer }])
  t.strictSame(routes.of(flow('udp')), { address: '10.99.2.14', port: 53 })
  t.strictSame(routes.of(flow('tcp')), { address: '10.99.2.11', port: 80 })
})

t.test(
  'behind direct routing a flow has the server that the frame went to, behind a tunnel the one of the outer header',
  async t => {
    const asked = packetFrame({ kind: 'packet', flow: flow('udp'), from: 'c', shape: SHAPE }, SERVER)
    const direct = Uint8Array.from(asked)
    direct.set(unhex('020000000213 020000000201'))
    const inner = packetOf(asked)
    const outer = (protocol: number, header: string) =>
      ip4('10.99.2.1 > 10.99.2.14', protocol, Uint8Array.of(...unhex(header), ...inner))
    for (const [what, frame, address] of [
      ['direct', direct, '10.99.2.13'],
      ['IPIP', outer(4, ''), '10.99.2.14'],
      ['GRE', outer(47, '00000800'), '10.99.2.14'],
      ['GRE with a checksum', outer(47, '80000800 12340000'), '10.99.2.14'],
      ['GUE', outer(17, '800017c0 00370000 00040000'), '10.99.2.14'],
    ] as const) {
      const routes = new Routes()
      routes.learn(flow('udp'), [{ side: 'r', frame }])
      t.strictSame(routes.of(flow('udp')), { address, port: 80 }, what)
      t.equal(routes.tunnelled(flow('udp'))?.length, what === 'direct' ? undefined : frame.length - 14, what)
    }
  },
)

t.test('pieces are those of the whole, and what is behind its end is made up', async t => {
  const of: PacketStep = { kind: 'packet', flow: flow('udp'), from: 'c', shape: { ...SHAPE, payloadLen: 20 } }
  const whole = payloadOf(packetFrame(of, SERVER))
  const step = { kind: 'piece', of, id: 3, at: 8, len: 24, more: false, df: true, tos: 7 } as const
  const piece = pieceFrame(step, SERVER, 0xffff)
  t.match(decode(piece), { 'ip.id': '0002', 'ip.fragment': 1, 'ip.mf': false, 'ip.df': true, 'ip.tos': '07' })
  t.match(decode(piece), { 'eth.src': '02:00:00:00:01:fe', 'ip.src': '198.51.100.7', 'ip.checksumIs': 'right' })
  t.equal(hex(payloadOf(piece)), hex(whole.slice(8)) + 'eeeeeeee')
})

t.test('an error from inside a tunnel quotes what was sent there', async t => {
  const step = { kind: 'tunnel-error', flow: flow('udp'), type: 3, code: 4, router: undefined, mtu: 1400 } as const
  const sent = packetOf(udp4('10.99.2.1:40000 > 10.99.2.14:6080', { payload: 60 }))
  const error = tunnelErrorFrame({ ...step, checksum: 'right', embeddedLen: 48 }, SERVER, sent)
  t.match(decode(error), { 'ip.src': '10.99.2.14', 'ip.dst': '10.99.2.1', 'icmp.rest': '00000578' })
  t.equal(hex(payloadOf(error).slice(8)), hex(sent.slice(0, 48)))
  const guessed = tunnelErrorFrame(
    { ...step, router: '10.99.2.13', checksum: 'wrong', embeddedLen: 1500 },
    SERVER,
    undefined,
  )
  t.match(decode(guessed), { 'eth.src': '02:00:00:00:02:13', 'ip.src': '10.99.2.13', 'icmp.checksumIs': 'wrong' })
  t.match(decode(guessed), { 'in.ip.dst': '10.99.2.12', 'in.in.ip.dst': '10.99.1.100' })
})

t.test('an echo request is to one of the director\u2019s addresses', async t => {
  const step = {
    kind: 'echo',
    from: 'r',
    host: '10.99.2.11',
    to: '10.99.1.1',
    payloadLen: 5,
    ttl: 9,
    tos: 3,
    df: true,
  } as const
  t.match(decode(echoFrame(step)), {
    'eth.src': '02:00:00:00:02:11',
    'ip.dst': '10.99.1.1',
    'icmp.type': 8,
    'ip.ttl': 9,
  })
})
