import t from 'tap'
import {
  BenchDirector,
  DIP_R,
  errorAbout,
  fromClient,
  fromServer,
  on,
  toClient,
  toServer,
  VIP,
} from '../../support/bench-director.js'
import { icmp4, ip4, packetOf, payloadOf, tcp4, udp4 } from '../../support/frames.js'

const CLIENT = '10.99.1.10:40000'
const answer = (options = {}): Uint8Array =>
  tcp4(`10.99.2.11:80 > ${CLIENT}`, { ...fromServer(), flags: 'SA', ...options })

function connected(options = {}): BenchDirector {
  const made = new BenchDirector(options)
  made.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  made.receive('c', tcp4(`${CLIENT} > ${VIP}:80`, fromClient))
  made.take()
  made.changes()
  return made
}

t.test('without a service the director is a router', async t => {
  const made = new BenchDirector()
  const packets: [string, Uint8Array, Uint8Array][] = [
    ['TCP', answer(), tcp4(`10.99.2.11:80 > ${CLIENT}`, { ...toClient, flags: 'SA', ttl: 63 })],
    [
      'a fragment',
      ip4('10.99.2.11 > 10.99.1.10', 17, new Uint8Array(8), { ...fromServer(), df: false, fragment: 5 }),
      ip4('10.99.2.11 > 10.99.1.10', 17, new Uint8Array(8), { ...toClient, df: false, fragment: 5, ttl: 63 }),
    ],
    [
      '7 octets of UDP',
      ip4('10.99.2.11 > 10.99.1.10', 17, new Uint8Array(7), fromServer()),
      ip4('10.99.2.11 > 10.99.1.10', 17, new Uint8Array(7), { ...toClient, ttl: 63 }),
    ],
    [
      'a wrong transport checksum',
      answer({ checksum: 1 }),
      tcp4(`10.99.2.11:80 > ${CLIENT}`, { ...toClient, flags: 'SA', ttl: 63, checksum: 1 }),
    ],
    [
      'GRE',
      ip4('10.99.2.11 > 10.99.1.10', 47, new Uint8Array(8), fromServer()),
      ip4('10.99.2.11 > 10.99.1.10', 47, new Uint8Array(8), { ...toClient, ttl: 63 }),
    ],
  ]
  for (const [what, frame, sent] of packets) t.strictSame(made.turn('r', frame), ['forwarded', on('c', sent)], what)
})

t.test('with a service, too, what is of no connection is forwarded untranslated', async t => {
  const made = connected()
  const packets: [string, string][] = [
    ['another client port', '10.99.2.11:80 > 10.99.1.10:40001'],
    ['another client', '10.99.2.11:80 > 10.99.1.11:40000'],
    ['another server', '10.99.2.12:80 > 10.99.1.10:40000'],
    ['another server port', '10.99.2.11:81 > 10.99.1.10:40000'],
  ]
  for (const [what, flow] of packets)
    t.strictSame(
      made.turn('r', tcp4(flow, { ...fromServer(), flags: 'SA' })),
      ['forwarded', on('c', tcp4(flow, { ...toClient, flags: 'SA', ttl: 63 }))],
      what,
    )
  const flow = '10.99.2.11:80 > 10.99.1.10:40000'
  t.strictSame(
    made.turn('r', udp4(flow, fromServer())),
    ['forwarded', on('c', udp4(flow, { ...toClient, ttl: 63 }))],
    'UDP',
  )
  t.strictSame(made.turn('r', ip4('10.99.2.11 > 10.99.1.10', 47, new Uint8Array(2), fromServer())), [
    'forwarded',
    on('c', ip4('10.99.2.11 > 10.99.1.10', 47, new Uint8Array(2), { ...toClient, ttl: 63 })),
  ])
})

t.test('with a service, a header that is not all there: of a connection dropped, of none forwarded', async t => {
  const made = connected()
  t.strictSame(made.turn('r', answer({ df: false, mf: true })), ['held'], 'a piece: until the rest has come')
  const ports = payloadOf(answer()).slice(0, 4)
  for (const [protocol, octets, isConnections] of [
    [6, Uint8Array.of(...ports, ...new Uint8Array(15)), true],
    [6, ports, true],
    [6, ports.slice(0, 3), false],
    [6, new Uint8Array(0), false],
    [6, new Uint8Array(19), false],
    [17, Uint8Array.of(...ports, 0, 0, 0), false],
    [132, Uint8Array.of(...ports, ...new Uint8Array(11)), false],
  ] as const) {
    const packet = (options: object) => ip4('10.99.2.11 > 10.99.1.10', protocol, octets, options)
    const expected = isConnections ? ['drop-tcp-malformed'] : ['forwarded', on('c', packet({ ...toClient, ttl: 63 }))]
    t.strictSame(made.turn('r', packet(fromServer())), expected, `${octets.length} octets of ${protocol}`)
  }
})

t.test(
  'TTL 1: time exceeded from the interface towards the real server, and the connection is not touched',
  async t => {
    const made = connected()
    made.poll(10_000)
    const frame = answer({ ttl: 1 })
    t.equal(made.receive('r', frame), 'drop-ttl')
    const [sent] = made.take()
    t.equal(
      on('r', sent!.frame),
      on('r', errorAbout(packetOf(frame), `${DIP_R} > 10.99.2.11`, { type: 11, code: 0, ...toServer() }, sent!.frame)),
    )
    t.match(made.ask({ op: 'connections', from: 0 }), { rows: [{ state: 'SYN_RECV', expires: 50 }] })
  },
)

t.test('answers move the state and restart the timer', async t => {
  const made = connected()
  made.receive('c', tcp4(`${CLIENT} > ${VIP}:80`, { ...fromClient, flags: 'A' }))
  made.poll(10_000)
  t.match(made.ask({ op: 'connections', from: 0 }), { rows: [{ state: 'ESTABLISHED', expires: 890 }] })
  made.receive('r', answer({ flags: 'A' }))
  t.match(made.ask({ op: 'connections', from: 0 }), { rows: [{ state: 'ESTABLISHED', expires: 900 }] })
  made.receive('r', answer({ flags: 'FA' }))
  t.match(made.ask({ op: 'connections', from: 0 }), { rows: [{ state: 'FIN_WAIT', expires: 120 }] })
  made.receive('r', answer({ flags: 'R' }))
  t.match(made.ask({ op: 'connections', from: 0 }), { rows: [{ state: 'CLOSE', expires: 10 }] })
})

t.test('echo between a client and a real server is forwarded', async t => {
  const made = connected()
  for (const type of [0, 8]) {
    const options = { type, rest: 0x10001, payload: 8 }
    t.strictSame(made.turn('r', icmp4('10.99.2.11 > 10.99.1.10', { ...options, ...fromServer() })), [
      'forwarded',
      on('c', icmp4('10.99.2.11 > 10.99.1.10', { ...options, ...toClient, ttl: 63 })),
    ])
  }
})
