import t from 'tap'
import {
  BenchDirector,
  errorAbout,
  fromClient,
  fromGateway,
  fromServer,
  on,
  toClient,
  toServer,
  VIP,
} from '../support/bench-director.js'
import { concat, icmp4, ip4, packet4, packetOf, payloadOf, tcp4, udp4 } from '../support/frames.js'

/*
 * About the connections 10.99.1.10:40000 → VIP:80 → 10.99.2.11:8080 and the same by UDP. The embedded transport
 * checksum stays what it is: the expected embedded packet is the other flow's with that checksum (§6.6).
 */
const CLIENT = '10.99.1.10:40000'
const builders = { tcp: tcp4, udp: udp4 }
type Protocol = keyof typeof builders
const virtual: Record<Protocol, string> = { tcp: `${VIP}:80`, udp: `${VIP}:53` }
const real: Record<Protocol, string> = { tcp: '10.99.2.11:8080', udp: '10.99.2.11:5353' }

function connected(): BenchDirector {
  const bench = new BenchDirector()
  for (const protocol of ['tcp', 'udp'] as const) {
    bench.serve(protocol, virtual[protocol], real[protocol])
    bench.receive('c', builders[protocol](`${CLIENT} > ${virtual[protocol]}`, fromClient))
  }
  bench.take()
  bench.changes()
  return bench
}

const CHECKSUM = 0x4242
/** What an error embeds: the packet with an arbitrary transport checksum, cut to `len` octets. */
function embedded(protocol: Protocol, flow: string, len = Infinity, options = {}): Uint8Array {
  const frame = builders[protocol](flow, { payload: 20, ttl: 61, checksum: CHECKSUM, ...options })
  return packetOf(frame).slice(0, len)
}

const errors: [type: number, code: number, rest: number][] = [
  [3, 0, 0],
  [3, 1, 0],
  [3, 3, 0],
  [3, 4, 1400],
  [3, 13, 0xffffffff],
  [4, 0, 0],
  [11, 0, 0],
  [11, 1, 0],
]

for (const protocol of ['tcp', 'udp'] as const) {
  t.test(
    `${protocol} outbound: errors about what the client sent come from the VIP, about what it sent to the VIP`,
    async t => {
      const bench = connected()
      for (const [type, code, rest] of errors)
        for (const len of [28, 29, 40, Infinity]) {
          const options = { type, code, rest, id: 7, tos: 0xc0 }
          const payload = embedded(protocol, `${CLIENT} > ${real[protocol]}`, len)
          const translated = embedded(protocol, `${CLIENT} > ${virtual[protocol]}`, len)
          for (const source of ['10.99.2.11', '10.99.2.254'])
            t.strictSame(
              bench.turn('r', icmp4(`${source} > 10.99.1.10`, { ...options, ...fromServer(), payload })),
              [
                'balanced',
                on('c', icmp4(`${VIP} > 10.99.1.10`, { ...options, ...toClient, payload: translated, ttl: 63 })),
              ],
              `${type}/${code}, ${len} octets embedded, from ${source}`,
            )
        }
    },
  )

  t.test(`${protocol} inbound: errors about what the VIP is thought to have sent go to the real server`, async t => {
    const bench = connected()
    for (const [type, code, rest] of errors)
      for (const len of [28, 29, 40, Infinity]) {
        const options = { type, code, rest, id: 7 }
        const payload = embedded(protocol, `${virtual[protocol]} > ${CLIENT}`, len)
        const translated = embedded(protocol, `${real[protocol]} > ${CLIENT}`, len)
        t.strictSame(
          bench.turn('c', icmp4(`192.0.2.9 > ${VIP}`, { ...options, ...fromGateway, payload })),
          [
            'balanced',
            on('r', icmp4('192.0.2.9 > 10.99.2.11', { ...options, ...toServer(), payload: translated, ttl: 63 })),
          ],
          `${type}/${code}, ${len} octets embedded`,
        )
      }
  })
}

t.test('an embedded header with options is read past them', async t => {
  const bench = connected()
  const options = { ipOptions: Uint8Array.of(1, 1, 1, 1, 7, 7, 8, 10, 0, 0, 2, 0) }
  t.strictSame(
    bench.turn(
      'r',
      icmp4('10.99.2.11 > 10.99.1.10', {
        type: 3,
        code: 3,
        ...fromServer(),
        payload: embedded('tcp', `${CLIENT} > ${real.tcp}`, 40, options),
      }),
    ),
    [
      'balanced',
      on(
        'c',
        icmp4(`${VIP} > 10.99.1.10`, {
          type: 3,
          code: 3,
          ...toClient,
          ttl: 63,
          payload: embedded('tcp', `${CLIENT} > ${virtual.tcp}`, 40, options),
        }),
      ),
    ],
  )
})

t.test('a wrong checksum in the embedded IPv4 header stays wrong by as much, and does not matter', async t => {
  const bench = connected()
  const payload = embedded('udp', `${CLIENT} > ${real.udp}`, 28)
  const translated = embedded('udp', `${CLIENT} > ${virtual.udp}`, 28)
  // The TTL one less than the checksum says.
  payload[8]!--
  translated[8]!--
  t.strictSame(bench.turn('r', icmp4('10.99.2.11 > 10.99.1.10', { type: 11, ...fromServer(), payload })), [
    'balanced',
    on('c', icmp4(`${VIP} > 10.99.1.10`, { type: 11, ...toClient, ttl: 63, payload: translated })),
  ])
})

t.test('a wrong ICMP checksum: dropped', async t => {
  const bench = connected()
  const inbound = { type: 3, code: 3, checksum: 0x1234, payload: embedded('tcp', `${virtual.tcp} > ${CLIENT}`) }
  const outbound = { type: 3, code: 3, checksum: 0x1234, payload: embedded('tcp', `${CLIENT} > ${real.tcp}`) }
  t.strictSame(bench.turn('c', icmp4(`10.99.1.10 > ${VIP}`, { ...fromClient, ...inbound })), ['drop-icmp-checksum'])
  t.strictSame(bench.turn('r', icmp4('10.99.2.11 > 10.99.1.10', { ...fromServer(), ...outbound })), [
    'drop-icmp-checksum',
  ])
})

t.test(
  'about no connection of ours: taken in from the client’s side, forwarded as it is from the servers’',
  async t => {
    const bench = connected()
    const strangers: [why: string, protocol: Protocol, client: string, server: (at: string) => string][] = [
      ['another client port', 'tcp', '10.99.1.10:40001', at => at],
      ['another client', 'tcp', '10.99.1.11:40000', at => at],
      ['another server port', 'tcp', CLIENT, at => at.replace(/:.*/, ':81')],
      ['another server', 'udp', CLIENT, at => at.replace(/\d+:/, '12:')],
    ]
    for (const [why, protocol, client, server] of strangers) {
      const inward = embedded(protocol, `${server(virtual[protocol])} > ${client}`)
      t.strictSame(
        bench.turn('c', icmp4(`10.99.1.10 > ${VIP}`, { type: 3, code: 3, ...fromClient, payload: inward })),
        ['consumed'],
        why,
      )
      const options = { type: 3, code: 3, payload: embedded(protocol, `${client} > ${server(real[protocol])}`) }
      t.strictSame(
        bench.turn('r', icmp4('10.99.2.11 > 10.99.1.10', { ...options, ...fromServer() })),
        ['forwarded', on('c', icmp4('10.99.2.11 > 10.99.1.10', { ...options, ...toClient, ttl: 63 }))],
        why,
      )
    }
  },
)

t.test('what is embedded is not readable: as about no connection', async t => {
  const bench = connected()
  const whole = embedded('tcp', `${CLIENT} > ${real.tcp}`)
  const version6 = whole.slice()
  version6[0] = 0x65
  const shortHeader = whole.slice()
  shortHeader[0] = 0x44
  const longHeader = whole.slice(0, 28)
  longHeader[0] = 0x47
  const payloads: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['19 octets', whole.slice(0, 19)],
    ['no port', whole.slice(0, 20)],
    ['one port', whole.slice(0, 22)],
    ['a port and a half', whole.slice(0, 23)],
    ['version 6', version6],
    ['IHL 4', shortHeader],
    ['IHL past its end', longHeader],
    [
      'a later fragment',
      packet4('10.99.1.10 > 10.99.2.11', 6, payloadOf(tcp4(`${CLIENT} > ${real.tcp}`)), { df: false, fragment: 1 }),
    ],
    ['another protocol', packet4('10.99.1.10 > 10.99.2.11', 132, payloadOf(tcp4(`${CLIENT} > ${real.tcp}`)))],
  ]
  for (const [what, payload] of payloads) {
    const options = { type: 3, code: 3, payload }
    t.strictSame(
      bench.turn('r', icmp4('10.99.2.11 > 10.99.1.10', { ...options, ...fromServer() })),
      ['forwarded', on('c', icmp4('10.99.2.11 > 10.99.1.10', { ...options, ...toClient, ttl: 63 }))],
      what,
    )
    t.strictSame(bench.turn('c', icmp4(`10.99.1.10 > ${VIP}`, { ...options, ...fromClient })), ['consumed'], what)
  }
})

t.test('just the two ports embedded are enough', async t => {
  const bench = connected()
  t.strictSame(
    bench.turn(
      'r',
      icmp4('10.99.2.11 > 10.99.1.10', {
        type: 3,
        code: 3,
        ...fromServer(),
        payload: embedded('tcp', `${CLIENT} > ${real.tcp}`, 24),
      }),
    ),
    [
      'balanced',
      on(
        'c',
        icmp4(`${VIP} > 10.99.1.10`, {
          type: 3,
          code: 3,
          ...toClient,
          ttl: 63,
          payload: embedded('tcp', `${CLIENT} > ${virtual.tcp}`, 24),
        }),
      ),
    ],
  )
})

t.test('other ICMP, even with such a packet in it, is none of these errors', async t => {
  const bench = connected()
  for (const type of [0, 5, 8, 12, 13, 30]) {
    const payload = embedded('tcp', `${CLIENT} > ${real.tcp}`)
    t.strictSame(
      bench.turn('r', icmp4('10.99.2.11 > 10.99.1.10', { type, payload, ...fromServer() })),
      ['forwarded', on('c', icmp4('10.99.2.11 > 10.99.1.10', { type, payload, ...toClient, ttl: 63 }))],
      `type ${type}`,
    )
    const inward = embedded('tcp', `${virtual.tcp} > ${CLIENT}`)
    const [verdict] = bench.turn('c', icmp4(`10.99.1.10 > ${VIP}`, { type, payload: inward, ...fromClient }))
    t.equal(verdict, type === 8 ? 'answered' : 'consumed', `type ${type}, inbound`)
  }
})

t.test('ICMP shorter than its header, from the servers’ side: forwarded', async t => {
  const bench = connected()
  for (const len of [0, 1, 7])
    t.strictSame(bench.turn('r', ip4('10.99.2.11 > 10.99.1.10', 1, new Uint8Array(len).fill(3), fromServer())), [
      'forwarded',
      on('c', ip4('10.99.2.11 > 10.99.1.10', 1, new Uint8Array(len).fill(3), { ...toClient, ttl: 63 })),
    ])
})

t.test('inbound with TTL 1: time exceeded would be an error about an error, so nothing', async t => {
  const bench = connected()
  const payload = embedded('tcp', `${virtual.tcp} > ${CLIENT}`)
  t.strictSame(bench.turn('c', icmp4(`10.99.1.10 > ${VIP}`, { type: 3, code: 3, ttl: 1, ...fromClient, payload })), [
    'drop-ttl',
  ])
})

t.test('a fragment of an error waits for the others; without a service it is forwarded as it is', async t => {
  t.strictSame(
    connected().turn(
      'r',
      icmp4('10.99.2.11 > 10.99.1.10', {
        type: 3,
        code: 3,
        payload: embedded('tcp', `${CLIENT} > ${real.tcp}`),
        df: false,
        mf: true,
        ...fromServer(),
      }),
    ),
    ['held'],
  )
  const bench = new BenchDirector()
  const options = { type: 3, code: 3, payload: embedded('tcp', `${CLIENT} > ${real.tcp}`), df: false, mf: true }
  t.strictSame(bench.turn('r', icmp4('10.99.2.11 > 10.99.1.10', { ...options, ...fromServer() })), [
    'forwarded',
    on('c', icmp4('10.99.2.11 > 10.99.1.10', { ...options, ...toClient, ttl: 63 })),
  ])
})

t.test('errors are counted as packets of the connection, both ways; neither state nor timer moves', async t => {
  const bench = connected()
  const expires = () => {
    const page = bench.ask({ op: 'connections', from: 0 })
    return typeof page === 'object' && page && 'rows' in page
      ? page.rows.map(({ state, expires }) => [state, expires])
      : page
  }
  bench.poll(10_000)
  const before = expires()
  const inward = icmp4(`10.99.1.10 > ${VIP}`, {
    type: 3,
    code: 3,
    ...fromClient,
    payload: embedded('tcp', `${virtual.tcp} > ${CLIENT}`, 28),
  })
  const outward = icmp4('10.99.2.11 > 10.99.1.10', {
    type: 3,
    code: 3,
    ...fromServer(),
    payload: embedded('tcp', `${CLIENT} > ${real.tcp}`, 28),
  })
  bench.receive('c', inward)
  bench.receive('r', outward)
  bench.receive('r', outward)
  t.strictSame(expires(), before)
  bench.poll(2000)
  const services = bench.services({ protocol: 'tcp', address: VIP, port: 80 })
  t.match(services, [{ stats: { conns: 1, inPkts: 2, inBytes: 40 + 56, outPkts: 2, outBytes: 112 } }])
})

t.test('an error about a connection whose real server was deleted is translated all the same', async t => {
  const bench = connected()
  bench.must({
    op: 'delete-destination',
    service: { protocol: 'tcp', address: VIP, port: 80 },
    destination: { address: '10.99.2.11', port: 8080 },
  })
  const payload = embedded('tcp', `${CLIENT} > ${real.tcp}`)
  const [verdict, sent] = bench.turn(
    'r',
    icmp4('10.99.2.11 > 10.99.1.10', { type: 3, code: 1, ...fromServer(), payload }),
  )
  t.equal(verdict, 'balanced')
  t.equal(
    sent,
    on(
      'c',
      icmp4(`${VIP} > 10.99.1.10`, {
        type: 3,
        code: 1,
        ...toClient,
        ttl: 63,
        payload: embedded('tcp', `${CLIENT} > ${virtual.tcp}`),
      }),
    ),
  )
})

t.test('our own error about an answer too large for its client goes to the real server as from a router', async t => {
  const bench = new BenchDirector({ routes: ['default=10.99.1.254', '10.99.1.10/32=@c,mtu=600'] })
  bench.serve('tcp', virtual.tcp, real.tcp)
  bench.receive('c', tcp4(`${CLIENT} > ${virtual.tcp}`, fromClient))
  bench.take()
  const answer = tcp4(`${real.tcp} > ${CLIENT}`, { ...fromServer(), flags: 'A', payload: 1000 })
  t.equal(bench.receive('r', answer), 'drop-too-big')
  const [sent] = bench.take()
  const expected = errorAbout(
    packetOf(answer),
    '10.99.2.1 > 10.99.2.11',
    { type: 3, code: 4, rest: 600, ...toServer() },
    sent?.frame,
  )
  t.equal(on('r', sent?.frame ?? concat()), on('r', expected))
})
