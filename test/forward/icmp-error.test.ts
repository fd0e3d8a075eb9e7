import t from 'tap'
import {
  BenchDirector,
  BROADCAST,
  CLIENT_MAC,
  DIP_C,
  errorAbout,
  fromClient,
  fromServer,
  idOf,
  on,
  oneHopOn,
  toClient,
  toServer,
  VIP,
} from '../support/bench-director.js'
import { icmp4, ip4, packet4, packetOf, tcp4, udp4 } from '../support/frames.js'

/** UDP to a port of the VIP where nobody listens. */
const closed = (options = {}): Uint8Array => udp4(`10.99.1.10:1 > ${VIP}:9`, { ...fromClient, ...options })
const bench = (options = {}): BenchDirector => new BenchDirector({ vips: [VIP], ...options })

t.test('the packet is quoted whole up to 576 octets of error, cut beyond', async t => {
  for (const payload of [0, 1, 519, 520, 521, 522, 1000, 1472]) {
    const made = bench()
    const frame = closed({ payload })
    t.equal(made.receive('c', frame), 'refused')
    const [sent] = made.take()
    const expected = errorAbout(packetOf(frame), `${VIP} > 10.99.1.10`, { type: 3, code: 3, ...toClient }, sent?.frame)
    t.equal(on('c', sent!.frame, sent!.header), on('c', expected), `${payload} octets of UDP payload`)
    t.ok(sent!.frame.length <= 14 + 576)
  }
})

t.test('a route with a smaller MTU than that cuts it further', async t => {
  const made = bench({ routes: ['10.99.1.10/32=@c,mtu=100'] })
  const frame = closed({ payload: 300 })
  made.receive('c', frame)
  const [sent] = made.take()
  const expected = icmp4(`${VIP} > 10.99.1.10`, {
    type: 3,
    code: 3,
    ...toClient,
    payload: packetOf(frame).slice(0, 72),
    tos: 0xc0,
    df: false,
    id: idOf(sent!.frame),
  })
  t.equal(on('c', sent!.frame), on('c', expected))
})

t.test('Ethernet padding is not quoted, options are', async t => {
  const made = bench()
  for (const options of [
    { padTo: 60 },
    { ipOptions: Uint8Array.of(1, 1, 1, 0) },
    { ipOptions: new Uint8Array(40).fill(1) },
  ]) {
    const frame = closed(options)
    made.receive('c', frame)
    const [sent] = made.take()
    const expected = errorAbout(packetOf(frame), `${VIP} > 10.99.1.10`, { type: 3, code: 3, ...toClient }, sent?.frame)
    t.equal(on('c', sent!.frame), on('c', expected), JSON.stringify(options))
  }
})

t.test('the type of service is the packet’s delay, throughput, reliability bits with precedence 6', async t => {
  const made = bench()
  const expected: [tos: number, error: number][] = [
    [0x00, 0xc0],
    [0x10, 0xd0],
    [0x1e, 0xde],
    [0x1f, 0xde],
    [0xff, 0xde],
    [0xe1, 0xc0],
    [0x03, 0xc2],
  ]
  for (const [tos, error] of expected) {
    made.receive('c', closed({ tos }))
    t.equal(made.take()[0]?.frame[15], error, `TOS 0x${tos.toString(16)}`)
  }
})

t.test('each error has an identification of its own, the next one', async t => {
  const made = bench()
  const ids = Array.from({ length: 5 }, () => {
    made.receive('c', closed())
    return idOf(made.take()[0]!.frame)
  })
  t.strictSame(
    ids,
    ids.map((_, i) => (ids[0]! + i) & 0xffff),
  )
  const others = bench({ seed: 2 })
  others.receive('c', closed())
  t.not(idOf(others.take()[0]!.frame), ids[0], 'where they begin comes from the seed')
})

t.test('identifications wrap at 16 bits', async t => {
  const made = bench()
  let before = -1
  for (let i = 0; i < 65_537; i++) {
    made.receive('c', closed())
    const id = idOf(made.take()[0]!.frame)
    if (before >= 0 && id !== ((before + 1) & 0xffff)) t.equal(id, (before + 1) & 0xffff, `error ${i}`)
    before = id
  }
  t.pass('65 537 in a row')
})

t.test('no error is sent about an ICMP error, and none about types that nobody knows', async t => {
  const made = bench()
  const about = packet4('10.99.2.12 > 10.99.1.10', 17, new Uint8Array(8))
  for (const type of [3, 4, 5, 11, 12, 19, 40, 255]) {
    t.strictSame(
      made.turn('c', icmp4('10.99.1.10 > 10.99.2.12', { type, ttl: 1, payload: about, ...fromClient })),
      ['drop-ttl'],
      `type ${type}`,
    )
  }
  for (const type of [0, 8, 13, 14, 15, 16, 17, 18]) {
    const [verdict, ...sent] = made.turn('c', icmp4('10.99.1.10 > 10.99.2.12', { type, ttl: 1, ...fromClient }))
    t.strictSame([verdict, sent.length], ['drop-ttl', 1], `type ${type} is answered`)
  }
  t.strictSame(
    made.turn('c', ip4('10.99.1.10 > 10.99.2.12', 1, new Uint8Array(0), { ttl: 1, ...fromClient })),
    ['drop-ttl'],
    'no type at all',
  )
})

t.test('none about a later fragment, one about the first', async t => {
  const made = bench()
  const fragment = { ...fromClient, ttl: 1, df: false }
  t.strictSame(made.turn('c', ip4('10.99.1.10 > 10.99.2.12', 17, new Uint8Array(8), { ...fragment, fragment: 1 })), [
    'drop-ttl',
  ])
  t.strictSame(
    made.turn('c', ip4('10.99.1.10 > 10.99.2.12', 17, new Uint8Array(8), { ...fragment, fragment: 1, mf: true })),
    ['drop-ttl'],
  )
  t.equal(made.turn('c', ip4('10.99.1.10 > 10.99.2.12', 17, new Uint8Array(8), { ...fragment, mf: true })).length, 2)
})

t.test('none about what came to a group MAC or a broadcast address', async t => {
  const made = bench()
  made.serve('tcp', `${VIP}:80`)
  for (const to of [BROADCAST, '01:00:5e:00:00:01', '33:33:00:00:00:01'])
    for (const [what, frame] of [
      ['UDP to a closed port', closed({ eth: `${CLIENT_MAC} > ${to}` })],
      ['a SYN to a service without servers', tcp4(`10.99.1.10:1 > ${VIP}:80`, { eth: `${CLIENT_MAC} > ${to}` })],
      ['forwarded, TTL 1', udp4('10.99.1.10:1 > 10.99.2.12:9', { ttl: 1, eth: `${CLIENT_MAC} > ${to}` })],
      ['bad options', closed({ ipOptions: Uint8Array.of(7, 2, 0, 0), eth: `${CLIENT_MAC} > ${to}` })],
    ] as const)
      t.equal(made.turn('c', frame).length, 1, `${what}, to ${to}`)
  t.equal(made.turn('c', udp4('10.99.1.10:1 > 10.99.1.255:9', fromClient)).length, 1)
  t.strictSame(made.changes()['icmp-errors-sent'], undefined)
})

t.test('an error that cannot be sent is not counted as sent', async t => {
  const made = bench({ routes: [] })
  t.strictSame(made.turn('c', udp4(`192.0.2.1:1 > ${VIP}:9`, fromClient)), ['refused'], 'no route back')
  t.strictSame(made.changes(), { refused: 1 })
})

t.test('errors about packets on their way: from the interface they leave by, TTL as it came', async t => {
  const made = bench()
  const frame = udp4('10.99.1.10:1 > 10.99.2.12:9', { ...fromClient, ttl: 1 })
  made.receive('c', frame)
  const [sent] = made.take()
  t.equal(
    on('c', sent!.frame),
    on('c', errorAbout(packetOf(frame), `${DIP_C} > 10.99.1.10`, { type: 11, code: 0, ...toClient }, sent!.frame)),
  )
  const back = udp4('10.99.2.12:9 > 10.99.1.10:1', { ...fromServer(12), ttl: 1 })
  made.receive('r', back)
  const [answer] = made.take()
  t.equal(
    on('r', answer!.frame),
    on(
      'r',
      errorAbout(packetOf(back), '10.99.2.1 > 10.99.2.12', { type: 11, code: 0, ...toServer(12) }, answer!.frame),
    ),
  )
})

t.test(
  'errors about packets to a service: from the VIP; with TTL 1 as it came, too big with the TTL one less',
  async t => {
    const made = new BenchDirector({ routes: ['10.99.2.11/32=@r,mtu=1000'] })
    made.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
    const old = tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, ttl: 1 })
    t.equal(made.receive('c', old), 'drop-ttl')
    const [exceeded] = made.take()
    t.equal(
      on('c', exceeded!.frame),
      on('c', errorAbout(packetOf(old), `${VIP} > 10.99.1.10`, { type: 11, code: 0, ...toClient }, exceeded!.frame)),
    )
    const big = tcp4(`10.99.1.10:2 > ${VIP}:80`, { ...fromClient, payload: 961 })
    t.equal(made.receive('c', big), 'drop-too-big')
    const [needed] = made.take()
    t.equal(
      on('c', needed!.frame),
      on(
        'c',
        errorAbout(oneHopOn(big), `${VIP} > 10.99.1.10`, { type: 3, code: 4, rest: 1000, ...toClient }, needed!.frame),
      ),
    )
  },
)

t.test('virtio-net headers of the packet do not stick to the error', async t => {
  const made = bench()
  const frame = closed({ payload: 100, partial: true })
  made.receive('c', frame, Uint8Array.of(1, 0, 42, 0, 0, 0, 34, 0, 6, 0))
  const [sent] = made.take()
  t.strictSame(sent!.header, new Uint8Array(10))
})
