import { destinationSettings } from '../support/settings.js'
import t from 'tap'
import { parseIpv4 } from '../../src/wire/addr.js'
import {
  errorAbout,
  fromClient,
  fromGateway,
  fromServer,
  idOf,
  MAC_R,
  on,
  toClient,
  toGateway,
  toServer,
  VIP,
} from '../support/bench-director.js'
import { icmp4, ip4, packet4, packetOf, partialHeader, payloadOf, tcp4, udp4, unhex } from '../support/frames.js'
import { CLIENT, FullnatBench, LIP, SERVER } from '../support/fullnat-bench.js'
import { sctp4 } from '../support/sctp.js'

const builders = { tcp: tcp4, udp: udp4, sctp: sctp4 }
const VS = `${VIP}:80`
const DATA = [[0, 20]] as [number, number][]
const protocols = Object.keys(builders) as (keyof typeof builders)[]

/** Octets of a UDP datagram, of 3008, from one to another. */
function piece(flow: string, octets: Uint8Array, [start, end]: readonly [number, number], options: object): Uint8Array {
  const ends = flow.replaceAll(/:\d+/g, '')
  const fragment = { df: false, id: 77, fragment: start / 8, mf: end < 3008 }
  return ip4(ends, 17, octets.slice(start, end), { ...fragment, ...options })
}

/** Pairs of LIP that are taken. */
function uses(bench: FullnatBench): number {
  return bench.director.conns.fullnatKeys.ports.usesOf(parseIpv4(LIP)!)
}

/** A bench with the connection CLIENT → VS by each protocol; `local` is where its packets to SERVER come from. */
function connected(protocol: keyof typeof builders, options = {}): { bench: FullnatBench; local: string } {
  const bench = new FullnatBench(options)
  bench.serveFullnat(protocol, VS)
  const first = protocol === 'sctp' ? { chunks: [[1, 20]] as [number, number][] } : {}
  const local = bench.localOf(builders[protocol](`${CLIENT} > ${VS}`, { ...fromClient, ...first }))
  bench.changes()
  return { bench, local }
}

for (const protocol of protocols) {
  const build = builders[protocol]
  const more = protocol === 'tcp' ? { flags: 'A' } : protocol === 'sctp' ? { chunks: DATA } : {}

  t.test(`${protocol}: both ends change, both ways`, async t => {
    const { bench, local } = connected(protocol)
    t.match(local, /^10\.99\.2\.201:\d+$/)
    for (const payload of [0, 1, 3, 1400])
      for (const options of [{}, { tos: 0xb9, id: 0xfffe, df: false }, { ipOptions: unhex('01010101') }]) {
        const given = { ...more, payload, ...options }
        t.strictSame(
          [
            bench.turn('c', build(`${CLIENT} > ${VS}`, { ...given, ...fromClient })),
            bench.turn('r', build(`${SERVER} > ${local}`, { ...given, ...fromServer() })),
          ],
          [
            ['balanced', on('r', build(`${local} > ${SERVER}`, { ...given, ...toServer(), ttl: 63 }))],
            ['balanced', on('c', build(`${VS} > ${CLIENT}`, { ...given, ...toClient, ttl: 63 }))],
          ],
          `${payload} octets, ${JSON.stringify(options)}`,
        )
      }
    t.match(bench.ask({ op: 'connections', from: 0 }), {
      rows: [{ caddr: '10.99.1.10', cport: 40000, vaddr: VIP, vport: 80, daddr: '10.99.2.11', dport: 8080 }],
    })
  })
  if (protocol === 'sctp') continue

  /** What an error embeds: the packet with an arbitrary transport checksum. */
  const about = (flow: string): Uint8Array => packetOf(build(flow, { ...more, payload: 20, ttl: 62, checksum: 0x4242 }))

  t.test(`${protocol}, partial checksums: the sum of the pseudo header is kept right`, async t => {
    const { bench, local } = connected(protocol)
    const given = { ...more, payload: 99, partial: true }
    const frame = build(`${CLIENT} > ${VS}`, { ...given, ...fromClient })
    const answer = build(`${SERVER} > ${local}`, { ...given, ...fromServer() })
    t.strictSame(
      [bench.turn('c', frame, partialHeader(frame)), bench.turn('r', answer, partialHeader(answer))],
      [
        [
          'balanced',
          on('r', build(`${local} > ${SERVER}`, { ...given, ...toServer(), ttl: 63 }), partialHeader(frame)),
        ],
        ['balanced', on('c', build(`${VS} > ${CLIENT}`, { ...given, ...toClient, ttl: 63 }), partialHeader(frame))],
      ],
    )
  })

  t.test(`${protocol}: TTL and MTU, as with NAT`, async t => {
    const { bench, local } = connected(protocol, {
      routes: ['default=10.99.1.254', '10.99.1.10/32=@c,mtu=1000', '10.99.2.11/32=@r,mtu=1100'],
    })
    for (const [link, flow, eth, mtu, from, back] of [
      ['c', `${CLIENT} > ${VS}`, fromClient, 1100, `${VIP} > 10.99.1.10`, toClient],
      ['r', `${SERVER} > ${local}`, fromServer(), 1000, '10.99.2.1 > 10.99.2.11', toServer()],
    ] as const)
      for (const [options, type, code, rest, verdict] of [
        [{ ttl: 1 }, 11, 0, 0, 'drop-ttl'],
        [{ payload: 1200 }, 3, 4, mtu, 'drop-too-big'],
      ] as const) {
        const frame = build(flow, { ...more, ...options, ...eth })
        t.equal(bench.receive(link, frame), verdict)
        const [sent] = bench.take()
        // The TTL has been decremented on the way in before the size is looked at.
        const quoted = packetOf(
          'payload' in options && link === 'c' ? build(flow, { ...more, ...options, ...eth, ttl: 63 }) : frame,
        )
        const expected = errorAbout(quoted, from, { type, code, rest, ...back }, sent?.frame)
        t.equal(on(link, sent!.frame), on(link, expected), `${verdict} ${flow}`)
      }
  })

  t.test(`${protocol}: errors about the client's packets are the virtual service's`, async t => {
    const { bench, local } = connected(protocol)
    for (const [who, from] of [
      ['the real server', '10.99.2.11'],
      ['a router', '10.9.9.9'],
    ])
      for (const [type, code, rest] of [
        [3, 3, 0],
        [3, 4, 1400],
        [11, 0, 0],
      ] as const)
        for (const len of [28, 40]) {
          const given = icmp4(`${from} > ${LIP}`, {
            type,
            code,
            rest,
            payload: about(`${local} > ${SERVER}`).slice(0, len),
            ...fromServer(),
          })
          const payload = about(`${CLIENT} > ${VS}`).slice(0, len)
          const expected = icmp4(`${VIP} > 10.99.1.10`, { type, code, rest, payload, ttl: 63, ...toClient })
          t.strictSame(bench.turn('r', given), ['balanced', on('c', expected)], `${who} ${type}/${code} ${len}`)
        }
    const wrong = icmp4(`10.99.2.11 > ${LIP}`, {
      type: 3,
      code: 3,
      checksum: 0x1111,
      payload: packetOf(build(`${local} > ${SERVER}`)),
      ...fromServer(),
    })
    t.equal(bench.receive('r', wrong), 'drop-icmp-checksum')
  })

  t.test(`${protocol}: errors about the answers are the local address's`, async t => {
    const { bench, local } = connected(protocol)
    for (const from of ['10.99.1.10', '203.0.113.9']) {
      const eth = from === '10.99.1.10' ? fromClient : fromGateway
      const given = icmp4(`${from} > ${VIP}`, {
        type: 3,
        code: 4,
        rest: 1300,
        payload: about(`${VS} > ${CLIENT}`),
        ...eth,
      })
      const payload = about(`${SERVER} > ${local}`)
      const expected = icmp4(`${LIP} > 10.99.2.11`, { type: 3, code: 4, rest: 1300, payload, ttl: 63, ...toServer() })
      t.strictSame(bench.turn('c', given), ['balanced', on('r', expected)], from)
    }
  })
}

t.test('UDP without a checksum gets one, as with NAT', async t => {
  const { bench, local } = connected('udp')
  t.strictSame(bench.turn('c', udp4(`${CLIENT} > ${VS}`, { payload: 5, checksum: 0, ...fromClient })), [
    'balanced',
    on('r', udp4(`${local} > ${SERVER}`, { payload: 5, ttl: 63, ...toServer() })),
  ])
})

t.test('a datagram in pieces, both ways', async t => {
  const { bench, local } = connected('udp')
  for (const [link, from, to, eth, out, back] of [
    ['c', `${CLIENT} > ${VS}`, `${local} > ${SERVER}`, fromClient, 'r', toServer()],
    ['r', `${SERVER} > ${local}`, `${VS} > ${CLIENT}`, fromServer(), 'c', toClient],
  ] as const) {
    const [whole, expected] = [from, to].map(flow => payloadOf(udp4(flow, { payload: 3000 })))
    const cuts = [
      [0, 1480],
      [1480, 2960],
      [2960, 3008],
    ] as const
    for (const cut of cuts.slice(1)) t.equal(bench.receive(link, piece(from, whole!, cut, eth)), 'held')
    const sent = bench.turn(link, piece(from, whole!, cuts[0], eth))
    t.strictSame(sent, ['balanced', ...cuts.map(cut => on(out, piece(to, expected!, cut, { ...back, ttl: 63 })))])
  }
})

t.test('local addresses are taken in turn', async t => {
  const bench = new FullnatBench()
  const lips = ['10.99.2.201', '10.99.2.202', '10.99.2.203']
  bench.serveFullnat('tcp', VS, { lips })
  const taken = [1, 2, 3, 4, 5, 6].map(n => bench.localOf(tcp4(`10.99.1.10:${n} > ${VS}`, fromClient)).split(':')[0])
  t.strictSame(taken, [...lips, ...lips])
})

t.test('a service without local addresses serves nobody, and says so', async t => {
  const bench = new FullnatBench()
  bench.serveFullnat('tcp', VS, { lips: [] })
  t.equal(bench.receive('c', tcp4(`${CLIENT} > ${VS}`, fromClient)), 'drop-no-local-port')
  t.strictSame(bench.changes(), { 'drop-no-local-port': 1 })
  t.strictSame(bench.out(), [])
  t.match(bench.services(), [{ destinations: [{ activeConns: 0, inactConns: 0 }] }])
})

t.test('where the table is full the pair is free again', async t => {
  const bench = new FullnatBench({ maxConnections: 1 })
  bench.serveFullnat('tcp', VS)
  bench.localOf(tcp4(`10.99.1.10:1 > ${VS}`, fromClient))
  for (let port = 2; port < 20; port++)
    t.equal(bench.receive('c', tcp4(`10.99.1.10:${port} > ${VS}`, fromClient)), 'drop-table-full')
  t.equal(uses(bench), 1)
})

t.test('however a connection ends, its pair is free again', async t => {
  const ends: Record<string, (bench: FullnatBench) => void> = {
    'its time is up': bench => bench.run(61_000),
    'the client begins anew after a reset': bench => {
      bench.receive('c', tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'R' }))
      bench.receive('c', tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'S' }))
      bench.run(20)
      t.equal(uses(bench), 1, 'the new one has one')
      bench.run(61_000)
    },
    'its real server is deleted, expire_nodest_conn': bench => {
      bench.must({ op: 'set-sysctl', name: 'expire_nodest_conn', value: '1' })
      bench.must({
        op: 'delete-destination',
        service: { protocol: 'tcp', address: VIP, port: 80 },
        destination: { address: '10.99.2.11', port: 8080 },
      })
      bench.run(100)
    },
    'dropped by drop_entry': bench => {
      bench.must({ op: 'set-sysctl', name: 'drop_entry', value: '3' })
      bench.run(59_000)
    },
    reset: bench => bench.director.reset(),
  }
  for (const [how, end] of Object.entries(ends)) {
    const { bench } = connected('tcp')
    t.equal(uses(bench), 1, how)
    end(bench)
    const { fullnatKeys } = bench.director.conns
    t.equal(uses(bench), fullnatKeys.resting, `${how}: nobody's`)
    t.equal(fullnatKeys.count, 0, how)
    bench.run(61_000)
    t.equal(uses(bench), 0, `${how}: none rests for more than a minute`)
  }
})

/** The handshake, and a reset that ends the connection. */
function resetByClient(bench: FullnatBench, local: string): void {
  bench.receive('r', tcp4(`${SERVER} > ${local}`, { ...fromServer(), flags: 'SA' }))
  bench.receive('c', tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'A' }))
  bench.receive('c', tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'R' }))
  bench.take()
}

t.test('a client that uses its port again keeps its pair with the same real server', async t => {
  const { bench, local } = connected('tcp')
  const begin = (seq: number): string => bench.localOf(tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'S', seq }))
  for (let n = 1; n <= 5; n++) {
    resetByClient(bench, local)
    t.equal(begin(n * 1000), local)
    t.equal(bench.director.conns.table.count, 2, 'two connections, until the first has ended')
    bench.run(20)
    t.strictSame(
      [uses(bench), bench.director.conns.fullnatKeys.count, bench.director.conns.fullnatKeys.resting],
      [1, 1, 0],
    )
  }
  const answer = tcp4(`${SERVER} > ${local}`, { ...fromServer(), flags: 'SA' })
  t.strictSame(bench.turn('r', answer), [
    'balanced',
    on('c', tcp4(`${VS} > ${CLIENT}`, { ...toClient, flags: 'SA', ttl: 63 })),
  ])
})

t.test('with another real server it gets another pair, and the first rests a minute', async t => {
  const { bench, local } = connected('tcp')
  const service = { protocol: 'tcp' as const, address: VIP, port: 80 }
  const settings = destinationSettings(1, { method: 'fullnat' })
  bench.must({ op: 'add-destination', service, destination: { address: '10.99.2.12', port: 8080 }, settings })
  bench.must({
    op: 'edit-destination',
    service,
    destination: { address: '10.99.2.11', port: 8080 },
    settings: { ...settings, weight: 0 },
  })
  resetByClient(bench, local)
  t.equal(bench.receive('c', tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'S' })), 'balanced')
  bench.run(20)
  const { fullnatKeys: keys } = bench.director.conns
  t.strictSame([uses(bench), keys.count, keys.resting], [2, 1, 1])
  bench.run(59_000)
  t.equal(keys.resting, 1)
  bench.run(1500)
  t.equal(keys.resting, 0)
})

t.test('a local address that is taken away stays until its connections have ended', async t => {
  const lip = parseIpv4(LIP)!
  const deletions: Record<string, (bench: FullnatBench) => void> = {
    'from its service': bench =>
      bench.must({ op: 'delete-local-address', service: { protocol: 'tcp', address: VIP, port: 80 }, address: LIP }),
    'with its service': bench => {
      bench.serveFullnat('tcp', `${VIP}:81`, { lips: [] })
      bench.must({ op: 'delete-service', service: { protocol: 'tcp', address: VIP, port: 80 } })
    },
  }
  for (const [how, remove] of Object.entries(deletions)) {
    const { bench, local } = connected('tcp')
    remove(bench)
    bench.run(1000)
    t.not(bench.localOf(tcp4(`10.99.1.11:1 > ${VS}`, fromClient)), local, how)
    t.equal(bench.turn('r', tcp4(`${SERVER} > ${local}`, { ...fromServer(), flags: 'SA' }))[0], 'balanced', how)
    t.ok(bench.director.ownAddresses.has(lip), how)
    bench.run(61_000)
    t.notOk(bench.director.ownAddresses.has(lip), how)
  }
  const { bench } = connected('tcp')
  bench.serveFullnat('tcp', `${VIP}:81`)
  bench.must({ op: 'delete-service', service: { protocol: 'tcp', address: VIP, port: 80 } })
  bench.run(61_000)
  t.ok(bench.director.ownAddresses.has(lip), 'another service has it')
})

t.test('one-packet scheduling is none with FULLNAT: the answer comes back', async t => {
  const bench = new FullnatBench()
  bench.serveFullnat('udp', VS, { onePacket: true, servers: [SERVER, '10.99.2.12:8080'] })
  const frame = udp4(`${CLIENT} > ${VS}`, fromClient)
  const local = bench.localOf(frame)
  t.equal(bench.localOf(frame), local)
  t.match(bench.turn('r', udp4(`10.99.2.12:8080 > ${local}`, fromServer(12)))[0], 'balanced')
})

t.test('a persistent service: a client stays, each connection has its own pair', async t => {
  const bench = new FullnatBench()
  bench.serveFullnat('tcp', VS, { persistence: 100, servers: [SERVER, '10.99.2.12:8080'] })
  const locals = [1, 2, 3].map(port => bench.localOf(tcp4(`10.99.1.10:${port} > ${VS}`, fromClient)))
  t.equal(new Set(locals).size, 3)
  t.equal(bench.director.conns.fullnatKeys.count, 3)
  t.strictSame(
    locals.map(local => bench.turn('r', tcp4(`10.99.2.12:8080 > ${local}`, { ...fromServer(12), flags: 'SA' }))[0]),
    ['balanced', 'balanced', 'balanced'],
  )
  bench.run(200_000)
  t.equal(bench.director.conns.fullnatKeys.count, 0)
})

t.test('methods may be mixed in a service; an open connection keeps its own', async t => {
  const bench = new FullnatBench()
  const service = bench.serveFullnat('tcp', VS)
  const local = bench.localOf(tcp4(`10.99.1.10:1 > ${VS}`, fromClient))
  const settings = { method: 'masq', weight: 1, upperThreshold: 0, lowerThreshold: 0 } as const
  bench.must({ op: 'edit-destination', service, destination: { address: '10.99.2.11', port: 8080 }, settings })
  t.equal(bench.localOf(tcp4(`10.99.1.10:2 > ${VS}`, fromClient)), '10.99.1.10:2')
  t.equal(bench.localOf(tcp4(`10.99.1.10:1 > ${VS}`, { ...fromClient, flags: 'A' })), local)
})

t.test('what is not of a connection is the host’s to answer', async t => {
  const { bench, local } = connected('tcp')
  const [addr] = local.split(':')
  for (const flow of [`10.99.2.11:8081 > ${local}`, `10.99.2.12:8080 > ${local}`, `${SERVER} > ${addr}:5535`])
    t.equal(
      bench.receive(
        'r',
        tcp4(flow, {
          flags: 'A',
          eth: `${flow.includes('.12:') ? '02:00:00:00:02:12' : '02:00:00:00:02:11'} > ${MAC_R}`,
        }),
      ),
      'answered',
      flow,
    )
  t.equal(bench.receive('r', icmp4(`10.99.2.11 > ${LIP}`, { type: 8, ...fromServer() })), 'answered', 'echo')
})

t.test('a real server that is not there: the client hears of it', async t => {
  const bench = new FullnatBench()
  bench.serveFullnat('tcp', VS, { servers: ['10.99.2.77:80'] })
  const frame = tcp4(`203.0.113.7:4000 > ${VS}`, fromGateway)
  t.equal(bench.receive('c', frame), 'held')
  bench.take()
  bench.changes()
  bench.run(2900)
  for (let i = 0; i < 30; i++) bench.poll(10)
  const [sent] = bench.take().filter(({ link }) => link === 'c')
  t.strictSame(bench.changes(), { 'drop-neighbour-failed': 1, 'icmp-errors-sent': 1 })
  const about = packet4('203.0.113.7 > 10.99.1.100', 6, payloadOf(frame), { ttl: 63 })
  // The embedded transport checksum stays that of the translated segment.
  const quoted = packetOf(sent!.frame).slice(28)
  about.set(quoted.slice(36, 38), 36)
  t.equal(
    on('c', sent!.frame),
    on('c', errorAbout(about, `${VIP} > 203.0.113.7`, { type: 3, code: 1, ...toGateway }, sent!.frame)),
  )
  t.ok(idOf(sent!.frame) >= 0)
})

t.test('the director as its own real server: its reset comes from the virtual service', async t => {
  const bench = new FullnatBench()
  bench.serveFullnat('tcp', VS, { servers: ['10.99.2.1:8080'] })
  t.strictSame(bench.turn('c', tcp4(`${CLIENT} > ${VS}`, { ...fromClient, seq: 7 })), [
    'answered',
    on('c', tcp4(`${VS} > ${CLIENT}`, { ...toClient, flags: 'RA', seq: 0, ack: 8, window: 0, id: 0 })),
  ])
})

t.test('its reset, or error, to a client without a route is dropped by name', async t => {
  for (const protocol of ['tcp', 'udp'] as const) {
    const bench = new FullnatBench({ routes: [] })
    bench.serveFullnat(protocol, VS, { servers: ['10.99.2.1:8080'] })
    const frame = (protocol === 'tcp' ? tcp4 : udp4)(`203.0.113.7:40000 > ${VS}`, fromGateway)
    t.strictSame(bench.turn('c', frame), [protocol === 'tcp' ? 'drop-no-route' : 'refused'], protocol)
  }
})

t.test('4 local addresses and one real server: 240 000 connections, and no more until one has ended', async t => {
  const lips = [201, 202, 203, 204].map(n => `10.99.2.${n}`)
  const bench = new FullnatBench({ maxConnections: 2 ** 18 })
  bench.serveFullnat('tcp', VS, { lips })
  const made = new Map<string, Uint8Array>()
  /** Of 10 000 ports of each of many clients; the port is patched in, as nobody asks for TCP's checksum. */
  const frame = (n: number, flags = 'S'): Uint8Array => {
    const key = `203.0.113.${1 + Math.floor(n / 10_000)} ${flags}`
    const known = made.get(key) ?? tcp4(`${key.split(' ')[0]}:1 > ${VS}`, { ...fromGateway, flags })
    made.set(key, known)
    const port = 10_000 + (n % 10_000)
    known.set([port >>> 8, port & 0xff], 34)
    return known
  }
  const answered = (local: string): string =>
    bench.turn('r', tcp4(`${SERVER} > ${local}`, { ...fromServer(), flags: 'SA' }))[0]

  const locals = new Set<string>()
  for (let n = 0; n < 240_000; n++) locals.add(bench.localOf(frame(n)))
  t.equal(locals.size, 240_000)
  const ports = Array.from(locals, local => Number(local.split(':')[1]))
  t.strictSame([ports.reduce((a, b) => Math.min(a, b)), ports.reduce((a, b) => Math.max(a, b))], [5536, 65_535])
  bench.changes()

  t.equal(bench.localOf(frame(240_000)), 'drop-no-local-port')
  t.strictSame(bench.changes(), { 'drop-no-local-port': 1 })

  const all = [...locals]
  const some = all.filter((_, n) => n % 1000 === 0)
  t.equal(some.filter(local => answered(local) === 'balanced').length, 240, 'the others live on')
  t.equal(bench.localOf(frame(0, 'A')), all[0])

  answered(all[1]!)
  bench.localOf(frame(1, 'A'))
  bench.localOf(frame(1, 'R'))
  bench.run(10_100)
  t.equal(bench.director.conns.fullnatKeys.count, 239_999, 'one has ended')
  t.equal(bench.localOf(frame(240_000)), all[1], 'its pair is the next one’s')
  t.equal(bench.localOf(frame(240_001)), 'drop-no-local-port')
})

t.test(
  'records and local sides lie in the memory that the director was given, all before the first connection',
  async t => {
    const given: Int32Array[] = []
    const bench = new FullnatBench({
      maxConnections: 64,
      allocateWords: count => given[given.push(new Int32Array(count)) - 1]!,
    })
    bench.serveFullnat('tcp', VS)
    t.strictSame(
      given.map(words => words.length),
      [64 * 16, 4096, 64 * 8],
    )
    t.match(bench.localOf(tcp4(`${CLIENT} > ${VS}`, fromClient)), /^10\.99\.2\.201:\d+$/)
    const { table, fullnatKeys } = bench.director.conns
    t.strictSame(
      [table.words, fullnatKeys.words].map(words => given.indexOf(words)),
      [0, 2],
    )
    t.equal(given.length, 3)
  },
)
