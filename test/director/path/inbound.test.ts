import t from 'tap'
import type { ConnectionInfo } from '../../../src/control/protocol/api.js'
import {
  BenchDirector,
  errorAbout,
  fromClient,
  fromServer,
  on,
  toClient,
  toServer,
  VIP,
} from '../../support/bench-director.js'
import { packetOf, tcp4, udp4 } from '../../support/frames.js'
import { destinationSettings } from '../../support/settings.js'

const service = { protocol: 'tcp', address: VIP, port: 80 } as const
const CLIENT = '10.99.1.10:40000'

const request = (flags = 'S', options = {}): Uint8Array =>
  tcp4(`${CLIENT} > ${VIP}:80`, { ...fromClient, flags, ...options })
const forwarded = (flags = 'S', server = 11): string =>
  on('r', tcp4(`${CLIENT} > 10.99.2.${server}:80`, { ...toServer(server), flags, ttl: 63 }))
const answer = (flags = 'SA', server = 11): Uint8Array =>
  tcp4(`10.99.2.${server}:80 > ${CLIENT}`, { ...fromServer(server), flags })
const answered = (flags = 'SA'): string => on('c', tcp4(`${VIP}:80 > ${CLIENT}`, { ...toClient, flags, ttl: 63 }))

function bench(...servers: string[]): BenchDirector {
  const made = new BenchDirector()
  made.serve('tcp', `${VIP}:80`, ...(servers.length > 0 ? servers : ['10.99.2.11:80', '10.99.2.12:80']))
  return made
}
function rows(made: BenchDirector): ConnectionInfo[] {
  const page = made.ask({ op: 'connections', from: 0 })
  return typeof page === 'object' && page && 'rows' in page ? page.rows : []
}
const states = (made: BenchDirector): string[] => rows(made).map(({ state, daddr }) => `${state} ${daddr}`)

/** Moves the client's connection into a state by the packets that do so (§5.1). */
const ways: Record<string, [link: string, frame: Uint8Array][]> = {
  SYN_RECV: [],
  ESTABLISHED: [['c', request('A')]],
  FIN_WAIT: [
    ['c', request('A')],
    ['r', answer('FA', 12)],
  ],
  CLOSE_WAIT: [
    ['c', request('A')],
    ['c', request('FA')],
  ],
  TIME_WAIT: [
    ['c', request('A')],
    ['c', request('FA')],
    ['r', answer('FA', 12)],
  ],
  CLOSE: [
    ['c', request('A')],
    ['c', request('R')],
  ],
}
function inState(state: string): BenchDirector {
  const made = bench()
  made.receive('c', request())
  for (const [link, frame] of ways[state]!) made.receive(link, frame)
  made.take()
  return made
}

t.test('a SYN opens a connection, and packets of it go the way it chose', async t => {
  const made = bench()
  t.strictSame(made.turn('c', request()), ['balanced', forwarded('S', 12)], 'the newest server first')
  t.strictSame(made.turn('r', answer('SA', 12)), ['balanced', answered()])
  t.strictSame(made.turn('c', request('A')), ['balanced', forwarded('A', 12)])
  t.strictSame(rows(made), [
    {
      protocol: 'tcp',
      state: 'ESTABLISHED',
      expires: 900,
      caddr: '10.99.1.10',
      cport: 40000,
      vaddr: VIP,
      vport: 80,
      daddr: '10.99.2.12',
      dport: 80,
    },
  ])
})

t.test('which segments may open one: SYN, SYN+ACK, SYN+FIN; no RST, no ACK, no other', async t => {
  for (const flags of ['S', 'SA', 'SF', 'SPU', 'SFPAUEC']) {
    const made = bench()
    t.strictSame(made.turn('c', request(flags)), ['balanced', forwarded(flags, 12)], flags)
    t.strictSame(states(made), ['SYN_RECV 10.99.2.12'], flags)
  }
  for (const [flags, verdict] of [
    ['A', 'answered'],
    ['FA', 'answered'],
    ['PA', 'answered'],
    ['', 'answered'],
    ['FPU', 'answered'],
    ['R', 'drop-rst-unknown'],
    ['RA', 'drop-rst-unknown'],
    ['SR', 'drop-rst-unknown'],
  ] as const) {
    const made = bench()
    t.equal(made.turn('c', request(flags))[0], verdict, flags || 'no flags')
    t.strictSame(states(made), [], flags || 'no flags')
  }
})

t.test('any UDP datagram may open one', async t => {
  const made = new BenchDirector()
  made.serve('udp', `${VIP}:53`, '10.99.2.11:53')
  const ask = (options = {}): Uint8Array => udp4(`${CLIENT} > ${VIP}:53`, { ...fromClient, ...options })
  t.strictSame(made.turn('c', ask({ payload: 0 })), [
    'balanced',
    on('r', udp4(`${CLIENT} > 10.99.2.11:53`, { ...toServer(), ttl: 63 })),
  ])
  t.strictSame(
    rows(made).map(({ protocol, state, expires }) => [protocol, state, expires]),
    [['udp', 'UDP', 300]],
  )
  made.run(5000)
  t.equal(rows(made)[0]?.expires, 295)
  made.receive('r', udp4(`10.99.2.11:53 > ${CLIENT}`, fromServer()))
  t.equal(rows(made)[0]?.expires, 300, 'an answer restarts the timer')
})

t.test('from client port 20 none is opened: active FTP’s data must have been announced', async t => {
  const made = bench()
  const syn = tcp4(`10.99.1.10:20 > ${VIP}:80`, fromClient)
  t.match(made.turn('c', syn), ['answered', /tcp RA/])
  const udp = new BenchDirector()
  udp.serve('udp', `${VIP}:53`, '10.99.2.11:53')
  t.equal(udp.turn('c', udp4(`10.99.1.10:20 > ${VIP}:53`, fromClient))[0], 'refused')
  t.strictSame([...states(made), ...states(udp)], [])
})

t.test('a new SYN on a connection that is over is scheduled anew; on one that is not, it goes the old way', async t => {
  for (const state of Object.keys(ways)) {
    const made = inState(state)
    t.match(states(made), [`${state} 10.99.2.12`], `${state} was reached`)
    const reused = state === 'TIME_WAIT' || state === 'CLOSE'
    const [verdict, sent] = made.turn('c', request('S', { seq: 9 }))
    t.equal(verdict, 'balanced')
    const server = reused ? 11 : 12
    t.equal(sent, on('r', tcp4(`${CLIENT} > 10.99.2.${server}:80`, { ...toServer(server), ttl: 63, seq: 9 })), state)
    made.run(30)
    const after = { SYN_RECV: 'SYN_RECV', ESTABLISHED: 'ESTABLISHED' }[state] ?? 'SYN_RECV'
    t.strictSame(states(made), [`${after} 10.99.2.${server}`], `${state}: the old one is gone`)
  }
})

t.test('only a SYN takes the place of a connection that is over', async t => {
  for (const flags of ['A', 'FA', 'R'])
    t.strictSame(inState('TIME_WAIT').turn('c', request(flags)), ['balanced', forwarded(flags, 12)], flags)
  t.strictSame(
    inState('TIME_WAIT').turn('c', request('SA')),
    ['balanced', forwarded('SA', 11)],
    'SYN+ACK counts as one',
  )
})

t.test('a reused connection is counted anew, and the old one out', async t => {
  const made = inState('TIME_WAIT')
  made.receive('c', request())
  made.run(2000)
  const listed = made.services(service)
  t.match(listed, [
    {
      stats: { conns: 2 },
      destinations: [
        { address: '10.99.2.12', activeConns: 0, inactConns: 0, stats: { conns: 1 } },
        { address: '10.99.2.11', activeConns: 1, inactConns: 0, stats: { conns: 1 } },
      ],
    },
  ])
})

t.test('real server deleted: client packets are dropped without a word, answers still translated', async t => {
  const made = inState('ESTABLISHED')
  made.must({ op: 'delete-destination', service, destination: { address: '10.99.2.12', port: 80 } })
  made.poll(10_000)
  made.changes()
  t.strictSame(made.turn('c', request('A')), ['drop-destination-gone'])
  t.strictSame(made.turn('c', request('S')), ['drop-destination-gone'], 'a SYN, too')
  t.equal(rows(made)[0]?.expires, 890, 'its timer is not refreshed')
  t.strictSame(made.turn('r', answer('A', 12)), ['balanced', answered('A')])
  t.equal(rows(made)[0]?.expires, 900, 'the answer restarts it')
  t.match(
    made.turn('c', tcp4(`10.99.1.11:1 > ${VIP}:80`, fromClient))[1],
    /> 10\.99\.2\.11:80/,
    'new ones go elsewhere',
  )
})

const statsOf = (listed: unknown): unknown => (listed as { stats: unknown }[])[0]?.stats

t.test('nothing is counted of a connection whose real server is gone', async t => {
  const made = inState('ESTABLISHED')
  made.poll(2000)
  const before = made.services(service)
  made.must({ op: 'delete-destination', service, destination: { address: '10.99.2.12', port: 80 } })
  made.receive('c', request('A'))
  made.receive('r', answer('A', 12))
  made.poll(2000)
  t.strictSame(statsOf(made.services(service)), statsOf(before))
})

t.test('the real server added again: its connections go on', async t => {
  const made = inState('ESTABLISHED')
  const destination = { address: '10.99.2.12', port: 80 }
  made.must({ op: 'delete-destination', service, destination })
  made.must({ op: 'add-destination', service, destination, settings: destinationSettings(5) })
  t.strictSame(made.turn('c', request('A')), ['balanced', forwarded('A', 12)])
  t.match(made.services(service), [{ destinations: [{ address: '10.99.2.12', weight: 5, activeConns: 1 }, {}] }])
})

t.test('its service deleted while another one exists: as if the real server were', async t => {
  const made = inState('ESTABLISHED')
  made.serve('udp', `${VIP}:53`)
  made.must({ op: 'delete-service', service })
  t.strictSame(made.turn('c', request('A')), ['drop-destination-gone'])
  t.strictSame(made.turn('r', answer('A', 12)), ['balanced', answered('A')])
  made.serve('tcp', `${VIP}:80`, '10.99.2.12:80')
  t.strictSame(made.turn('c', request('A')), ['balanced', forwarded('A', 12)], 'both made again')
})

t.test('the last service deleted: IPVS is off, and on again with the next one', async t => {
  const made = new BenchDirector({ vips: [VIP] })
  made.serve('tcp', `${VIP}:80`, '10.99.2.12:80')
  made.receive('c', request())
  made.receive('c', request('A'))
  made.take()
  made.must({ op: 'delete-service', service })
  t.match(made.turn('c', request('A')), ['answered', /tcp R /], 'the client gets a RST')
  t.strictSame(
    made.turn('r', answer('A', 12)),
    ['forwarded', on('c', tcp4(`10.99.2.12:80 > ${CLIENT}`, { ...toClient, flags: 'A', ttl: 63 }))],
    'answers leave with the real server’s own address',
  )
  made.serve('udp', `${VIP}:53`)
  t.strictSame(made.turn('c', request('A')), ['drop-destination-gone'], 'any service switches it on')
  made.serve('tcp', `${VIP}:80`, '10.99.2.12:80')
  t.strictSame(made.turn('c', request('A')), ['balanced', forwarded('A', 12)])
  t.strictSame(made.turn('r', answer('A', 12)), ['balanced', answered('A')])
})

t.test('connections end on time while IPVS is off, too', async t => {
  const made = inState('SYN_RECV')
  made.must({ op: 'flush' })
  made.run(61_000)
  t.strictSame(states(made), [])
})

t.test('weight 0 on all, or no real server: port unreachable from the VIP, whole packet, nothing opened', async t => {
  for (const [why, servers] of [
    ['all of weight 0', ['10.99.2.11:80 0', '10.99.2.12:80 0']],
    ['none', []],
  ] as const) {
    const made = new BenchDirector()
    made.serve('tcp', `${VIP}:80`, ...servers)
    t.equal(made.receive('c', request('S', { payload: 40 })), 'drop-no-destination', why)
    const [sent] = made.take()
    const expected = errorAbout(
      packetOf(request('S', { payload: 40 })),
      `${VIP} > 10.99.1.10`,
      { type: 3, code: 3, ...toClient },
      sent?.frame,
    )
    t.equal(on('c', sent!.frame, sent!.header), on('c', expected), why)
    t.strictSame(states(made), [], why)
  }
})

t.test('weight 0 does not end what is open', async t => {
  const made = inState('ESTABLISHED')
  made.must({
    op: 'edit-destination',
    service,
    destination: { address: '10.99.2.12', port: 80 },
    settings: destinationSettings(0),
  })
  t.strictSame(made.turn('c', request('A')), ['balanced', forwarded('A', 12)])
  t.match(made.turn('c', tcp4(`10.99.1.11:1 > ${VIP}:80`, fromClient))[1], /> 10\.99\.2\.11:80/)
  t.match(made.turn('c', tcp4(`10.99.1.12:1 > ${VIP}:80`, fromClient))[1], /> 10\.99\.2\.11:80/)
})

const synOf = (client: number, flags = 'S'): Uint8Array =>
  tcp4(`10.99.1.${client}:5 > ${VIP}:80`, { ...fromClient, flags })

t.test(
  'a full table: new connections are dropped by name, existing ones pass, and one that ends makes room',
  async t => {
    const made = new BenchDirector({ maxConnections: 4 })
    made.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
    for (const client of [10, 11, 12, 13]) t.equal(made.receive('c', synOf(client)), 'balanced')
    made.take()
    t.strictSame(made.turn('c', synOf(14)), ['drop-table-full'])
    t.match(made.services(service), [{ destinations: [{ activeConns: 4 }] }], 'nothing is counted for it')
    for (const client of [10, 11, 12, 13]) {
      t.equal(made.turn('c', synOf(client, 'A'))[0], 'balanced')
      t.equal(
        made.turn('r', tcp4(`10.99.2.11:80 > 10.99.1.${client}:5`, { ...fromServer(), flags: 'A' }))[0],
        'balanced',
      )
    }
    made.turn('c', synOf(12, 'R'))
    made.run(11_000)
    t.equal(made.turn('c', synOf(14))[0], 'balanced', 'CLOSE lasts 10 s')
    t.strictSame(made.turn('c', synOf(15)), ['drop-table-full'])
  },
)

t.test('a real server in 127/8 gets nothing', async t => {
  for (const server of ['127.0.0.1:80', '127.255.255.255:80'])
    t.strictSame(bench(server).turn('c', request()), ['drop-real-server-loopback'], server)
})

t.test('the director as its own real server: nobody listens there, and the answer is the VIP’s', async t => {
  const made = bench('10.99.2.1:80')
  const [verdict, sent] = made.turn('c', request('S', { seq: 7 }))
  t.equal(verdict, 'answered')
  t.equal(sent, on('c', tcp4(`${VIP}:80 > ${CLIENT}`, { ...toClient, flags: 'RA', seq: 0, ack: 8, id: 0, window: 0 })))
  const udp = new BenchDirector()
  udp.serve('udp', `${VIP}:53`, `${VIP}:99`)
  const frame = udp4(`${CLIENT} > ${VIP}:53`, fromClient)
  t.equal(udp.receive('c', frame), 'refused')
  const [error] = udp.take()
  // The quoted port is the service's again, the quoted checksum still that of port 99: as in any translated error.
  const quoted = packetOf(frame)
  quoted.set(packetOf(udp4(`${CLIENT} > ${VIP}:99`, fromClient)).subarray(26, 28), 26)
  t.equal(
    on('c', error!.frame),
    on('c', errorAbout(quoted, `${VIP} > 10.99.1.10`, { type: 3, code: 3, ...toClient }, error!.frame)),
  )
})

t.test('what cannot be sent on has opened its connection all the same, and is counted', async t => {
  for (const [why, options, ttl, verdict] of [
    ['TTL 1', {}, 1, 'drop-ttl'],
    ['no route', { routes: [] }, 64, 'drop-no-route'],
  ] as const) {
    const made = new BenchDirector(options)
    made.serve('tcp', `${VIP}:80`, why === 'no route' ? '192.0.2.1:80' : '10.99.2.11:80')
    t.equal(made.receive('c', request('S', { ttl })), verdict, why)
    t.match(states(made), [/^SYN_RECV/], why)
    made.poll(2000)
    t.match(made.services(), [{ stats: { conns: 1, inPkts: 1, inBytes: 40 } }], why)
  }
})

t.test('a real server with port 0 is sent the service’s port', async t => {
  const made = bench('10.99.2.11:0')
  t.strictSame(made.turn('c', request()), ['balanced', forwarded('S', 11)])
  t.equal(rows(made)[0]?.dport, 80)
})

t.test('one client’s connections to two VIPs, two ports, two protocols are apart', async t => {
  const made = new BenchDirector()
  const places = [`${VIP}:80`, `${VIP}:81`, '10.99.1.101:80']
  for (const [i, at] of places.entries()) made.serve('tcp', at, `10.99.2.${11 + i}:80`)
  made.serve('udp', `${VIP}:80`, '10.99.2.14:80')
  for (const at of places) made.receive('c', tcp4(`${CLIENT} > ${at}`, fromClient))
  made.receive('c', udp4(`${CLIENT} > ${VIP}:80`, fromClient))
  made.take()
  t.equal(rows(made).length, 4)
  for (const [i, at] of places.entries()) {
    t.strictSame(
      made.turn('c', tcp4(`${CLIENT} > ${at}`, { ...fromClient, flags: 'A' })),
      ['balanced', forwarded('A', 11 + i)],
      at,
    )
    t.strictSame(
      made.turn('r', answer('A', 11 + i)),
      ['balanced', on('c', tcp4(`${at} > ${CLIENT}`, { ...toClient, flags: 'A', ttl: 63 }))],
      at,
    )
  }
})
