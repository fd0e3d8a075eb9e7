import t from 'tap'
import { verdictNames } from '../../src/packet/verdict.js'
import {
  BenchDirector,
  BROADCAST,
  CLIENT_MAC,
  DIP_C,
  errorAbout,
  fromClient,
  fromServer,
  MAC_C,
  on,
  toClient,
  toServer,
  VIP,
} from '../support/bench-director.js'
import { arp, concat, ethernet, icmp4, ip4, packet4, packetOf, tcp4, udp4, unhex } from '../support/frames.js'

/* Each verdict: a frame that earns it, its counter one up, no other touched, and a bystander's connection going on. */

function bench(options: ConstructorParameters<typeof BenchDirector>[0] = {}): BenchDirector {
  const made = new BenchDirector({ vips: ['10.99.1.101'], ...options })
  made.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  made.receive('c', tcp4(`10.99.1.20:50000 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  made.take()
  made.changes()
  return made
}

/** The bystander's next segments pass both ways. */
function bystanderPasses(t: Pick<typeof import('tap').t, 'strictSame'>, made: BenchDirector): void {
  const sent = [
    ...made.turn('c', tcp4(`10.99.1.20:50000 > ${VIP}:80`, { ...fromClient, flags: 'A', payload: 3 })),
    ...made.turn('r', tcp4('10.99.2.11:80 > 10.99.1.20:50000', { ...fromServer(), flags: 'PA', payload: 5 })),
  ]
  t.strictSame(
    sent,
    [
      'balanced',
      on('r', tcp4('10.99.1.20:50000 > 10.99.2.11:80', { ...toServer(), flags: 'A', payload: 3, ttl: 63 })),
      'balanced',
      on('c', tcp4(`${VIP}:80 > 10.99.1.20:50000`, { ...toClient, flags: 'PA', payload: 5, ttl: 63 })),
    ],
    'a bystander is served',
  )
}

const syn = (to: string, options = {}): Uint8Array => tcp4(`10.99.1.10:40000 > ${to}`, { ...fromClient, ...options })
const request = (options = {}): Uint8Array =>
  arp({
    operation: 'request',
    senderMac: CLIENT_MAC,
    senderAddr: '10.99.1.10',
    targetAddr: DIP_C,
    ...options,
  })

/** One of the two pieces of a datagram to the VIP. */
const half = (source: string, id: number, part: { mf: boolean } | { fragment: number }): Uint8Array =>
  ip4(`${source} > ${VIP}`, 17, new Uint8Array(8), { ...fromClient, df: false, id, ...part })
const first = (source: string, id: number): Uint8Array => half(source, id, { mf: true })
const rest = (source: string, id: number): Uint8Array => half(source, id, { fragment: 1 })

/** `octets` octets of a datagram to the VIP, from `offset` on. */
const piece = (offset: number, octets: number, more = true): Uint8Array =>
  ip4(`10.99.1.10 > ${VIP}`, 17, new Uint8Array(octets), { ...fromClient, df: false, fragment: offset / 8, mf: more })
const before =
  (...frames: Uint8Array[]) =>
  (made: BenchDirector): void =>
    frames.forEach(frame => made.receive('c', frame))

interface Case {
  why: string
  link?: string
  frame: Uint8Array
  /** What must be so before. */
  before?(made: BenchDirector): void
  /** Ends what `before` began. */
  after?(made: BenchDirector): void
  options?: ConstructorParameters<typeof BenchDirector>[0]
  /** Other counters that must move: ICMP errors. */
  also?: Record<string, number>
}

const refused = { 'icmp-errors-sent': 1 }

const cases: Record<string, Case[]> = {
  balanced: [
    { why: 'a SYN to the service', frame: syn(`${VIP}:80`) },
    {
      why: 'an answer of the real server',
      link: 'r',
      frame: tcp4('10.99.2.11:80 > 10.99.1.20:50000', { ...fromServer(), flags: 'SA' }),
    },
  ],
  forwarded: [{ why: 'a packet for somebody else', frame: syn('10.99.2.12:22') }],
  answered: [
    { why: 'an ARP request for our address', frame: request() },
    { why: 'a SYN to a closed port', frame: syn(`${VIP}:81`) },
    { why: 'an echo request', frame: icmp4(`10.99.1.10 > ${VIP}`, { ...fromClient, type: 8 }) },
  ],
  refused: [
    { why: 'UDP to a closed port', frame: udp4(`10.99.1.10:5 > ${VIP}:53`, fromClient), also: refused },
    {
      why: 'an unknown protocol',
      frame: ip4(`10.99.1.10 > ${VIP}`, 99, Uint8Array.of(1, 2), fromClient),
      also: refused,
    },
  ],
  held: [{ why: 'a packet whose next hop is not known', frame: syn('10.99.2.77:80') }],
  consumed: [
    {
      why: 'an ARP reply',
      frame: arp({
        operation: 'reply',
        senderMac: CLIENT_MAC,
        senderAddr: '10.99.1.10',
        targetAddr: DIP_C,
        eth: fromClient.eth,
      }),
    },
    { why: 'an echo reply to us', frame: icmp4(`10.99.1.10 > ${VIP}`, { ...fromClient, type: 0 }) },
    { why: 'IGMP to us', frame: ip4(`10.99.1.10 > ${VIP}`, 2, new Uint8Array(8), fromClient) },
  ],
  'drop-not-ours': [
    { why: "somebody else's MAC", frame: syn(`${VIP}:80`, { eth: `${CLIENT_MAC} > 02:00:00:00:01:77` }) },
  ],
  'drop-ethertype': [{ why: 'IPv6', frame: ethernet(0x86dd, new Uint8Array(40), fromClient) }],
  'drop-ethernet-short': [
    { why: '13 octets', frame: ethernet(0x0800, new Uint8Array(0), fromClient).slice(0, 13) },
    { why: 'no octet', frame: new Uint8Array(0) },
  ],
  'drop-arp-malformed': [{ why: '27 octets of ARP', frame: request().slice(0, 14 + 27) }],
  'drop-arp-spoofs-us': [{ why: 'someone says he is the VIP', frame: request({ senderAddr: VIP }) }],
  'drop-arp-not-for-us': [{ why: 'who has somebody else', frame: request({ targetAddr: '10.99.1.77' }) }],
  'drop-ip-malformed': [{ why: 'total length beyond the frame', frame: syn(`${VIP}:80`, { totalLen: 4000 }) }],
  'drop-ip-checksum': [{ why: 'a wrong header checksum', frame: syn(`${VIP}:80`, { ipChecksum: 0x1234 }) }],
  'drop-source-invalid': [{ why: 'from a group', frame: tcp4(`224.0.0.5:1 > ${VIP}:80`, fromClient) }],
  'drop-source-is-ours': [{ why: 'from the VIP', frame: tcp4(`${VIP}:1 > ${VIP}:80`, fromClient) }],
  'drop-destination-invalid': [
    { why: 'to 127.0.0.1', frame: syn('127.0.0.1:80') },
    { why: 'to 0.0.0.0', frame: syn('0.0.0.0:80') },
  ],
  'drop-broadcast': [
    {
      why: 'to 255.255.255.255',
      frame: udp4('10.99.1.10:68 > 255.255.255.255:67', { eth: `${CLIENT_MAC} > ${BROADCAST}` }),
    },
    { why: "to the network's broadcast address", frame: udp4('10.99.1.10:1 > 10.99.1.255:1', fromClient) },
    { why: 'to a group', frame: udp4('10.99.1.10:1 > 224.0.0.1:1', fromClient) },
    { why: 'to the VIP by broadcast MAC', frame: syn(`${VIP}:80`, { eth: `${CLIENT_MAC} > ${BROADCAST}` }) },
    { why: 'to be forwarded, by broadcast MAC', frame: syn('10.99.2.12:80', { eth: `${CLIENT_MAC} > ${BROADCAST}` }) },
  ],
  'drop-ip-options': [
    { why: 'an option of length 0', frame: syn(`${VIP}:80`, { ipOptions: unhex('83000000') }), also: refused },
  ],
  'drop-source-route': [
    { why: 'a loose source route', frame: syn(`${VIP}:80`, { ipOptions: unhex('01830704 0a630205') }) },
    { why: 'a strict one, forwarded', frame: syn('10.99.2.12:80', { ipOptions: unhex('01890704 0a630205') }) },
  ],
  'drop-fragment-malformed': [
    {
      why: 'a piece of nothing',
      frame: ip4(`10.99.1.10 > ${VIP}`, 17, new Uint8Array(0), { ...fromClient, df: false, fragment: 3 }),
    },
    {
      why: 'fewer than 8 octets, and more to come',
      frame: ip4(`10.99.1.10 > ${VIP}`, 17, new Uint8Array(7), { ...fromClient, df: false, mf: true }),
    },
    {
      why: 'beyond 65535',
      frame: ip4(`10.99.1.10 > ${VIP}`, 17, new Uint8Array(64), { ...fromClient, df: false, fragment: 8191 }),
    },
    {
      why: "a real server's, while there are services",
      link: 'r',
      frame: ip4('10.99.2.11 > 10.99.1.20', 17, new Uint8Array(0), { ...fromServer(), df: false, mf: true }),
    },
  ],
  'drop-fragment-duplicate': [
    { why: 'the same piece again', before: before(piece(0, 16)), frame: piece(0, 16) },
    { why: 'a part of one that is there', before: before(piece(0, 16)), frame: piece(8, 8) },
  ],
  'drop-fragment-overlap': [
    { why: 'half of it is there', before: before(piece(0, 16)), frame: piece(8, 16) },
    { why: 'an end before what is there', before: before(piece(0, 32)), frame: piece(8, 8, false) },
    { why: 'two ends', before: before(piece(16, 8, false)), frame: piece(24, 8, false) },
    { why: 'behind the end', before: before(piece(16, 8, false)), frame: piece(24, 8) },
  ],
  'drop-tcp-malformed': [
    { why: '19 octets of TCP', frame: ip4(`10.99.1.10 > ${VIP}`, 6, new Uint8Array(19), fromClient) },
    {
      why: "19 octets from a real server's side",
      link: 'r',
      // Of the bystander's connection; others are forwarded.
      frame: ip4('10.99.2.11 > 10.99.1.20', 6, concat(unhex('0050c350'), new Uint8Array(15)), fromServer()),
    },
  ],
  'drop-udp-malformed': [
    { why: '7 octets of UDP', frame: ip4(`10.99.1.10 > ${VIP}`, 17, new Uint8Array(7), fromClient) },
    {
      why: 'a length beyond the packet, closed port',
      frame: udp4(`10.99.1.10:1 > ${VIP}:53`, { ...fromClient, udpLen: 99 }),
    },
  ],
  'drop-icmp-malformed': [
    { why: '7 octets of ICMP', frame: ip4(`10.99.1.10 > ${VIP}`, 1, new Uint8Array(7), fromClient) },
  ],
  'drop-transport-checksum': [
    { why: 'TCP to a closed port', frame: syn(`${VIP}:81`, { checksum: 0x1234 }) },
    { why: 'UDP to a closed port', frame: udp4(`10.99.1.10:1 > ${VIP}:53`, { ...fromClient, checksum: 0x1234 }) },
  ],
  'drop-icmp-checksum': [
    { why: 'an echo request', frame: icmp4(`10.99.1.10 > ${VIP}`, { ...fromClient, type: 8, checksum: 0x1234 }) },
    {
      why: "an error about the bystander's connection",
      frame: icmp4(`10.99.1.20 > ${VIP}`, {
        ...fromClient,
        type: 3,
        code: 1,
        checksum: 0x1234,
        payload: packet4(`${VIP} > 10.99.1.20`, 6, unhex('0050c350 00000000')),
      }),
    },
  ],
  'drop-rst-unknown': [{ why: 'a RST of no connection', frame: syn(`${VIP}:80`, { flags: 'R' }) }],
  'drop-no-destination': [
    {
      why: 'a service without real servers',
      before: made => made.serve('tcp', `${VIP}:81`),
      frame: syn(`${VIP}:81`),
      also: refused,
    },
  ],
  'drop-destination-gone': [
    {
      why: 'the real server was deleted',
      before(made) {
        made.serve('tcp', `${VIP}:81`, '10.99.2.12:80')
        made.receive('c', syn(`${VIP}:81`))
        made.must({
          op: 'delete-destination',
          service: { protocol: 'tcp', address: VIP, port: 81 },
          destination: { address: '10.99.2.12', port: 80 },
        })
      },
      frame: syn(`${VIP}:81`, { flags: 'A' }),
    },
  ],
  'drop-table-full': [{ why: 'one connection is all', options: { maxConnections: 1 }, frame: syn(`${VIP}:80`) }],
  'drop-real-server-loopback': [
    {
      why: 'a real server 127.0.0.1',
      before: made => made.serve('tcp', `${VIP}:81`, '127.0.0.1:80'),
      frame: syn(`${VIP}:81`),
    },
  ],
  'drop-ttl': [
    { why: 'to the service', frame: syn(`${VIP}:80`, { ttl: 1 }), also: refused },
    { why: 'forwarded', frame: syn('10.99.2.12:80', { ttl: 1 }), also: refused },
    { why: 'forwarded, TTL 0', frame: syn('10.99.2.12:80', { ttl: 0 }), also: refused },
  ],
  'drop-no-route': [
    { why: 'forwarded', options: { routes: [] }, frame: syn('192.0.2.1:80'), also: refused },
    {
      why: 'to a real server',
      options: { routes: [] },
      before: made => made.serve('tcp', `${VIP}:81`, '192.0.2.1:80'),
      frame: syn(`${VIP}:81`),
      also: refused,
    },
  ],
  'drop-too-big': [
    {
      why: 'with DF',
      options: { routes: ['10.99.2.12/32=@r,mtu=1000'] },
      frame: syn('10.99.2.12:80', { payload: 1000 }),
      also: refused,
    },
  ],
  'drop-neighbour-queue': [
    {
      why: 'more than a neighbour may keep waiting',
      before(made) {
        for (let i = 0; i < 256; i++) made.receive('c', syn('10.99.2.77:80'))
      },
      frame: syn('10.99.2.77:80'),
    },
  ],
  'drop-device-queue': [
    {
      why: 'balanced',
      before: made => void (made.accepts = false),
      after: made => void (made.accepts = true),
      frame: syn(`${VIP}:80`),
    },
    {
      why: 'forwarded',
      before: made => void (made.accepts = false),
      after: made => void (made.accepts = true),
      frame: syn('10.99.2.12:80'),
    },
    {
      why: 'an ARP answer',
      before: made => void (made.accepts = false),
      after: made => void (made.accepts = true),
      frame: request(),
    },
    {
      why: 'a RST',
      before: made => void (made.accepts = false),
      after: made => void (made.accepts = true),
      frame: syn(`${VIP}:81`),
    },
  ],
}

for (const [name, each] of Object.entries(cases)) {
  t.test(`verdict ${name}`, async t => {
    for (const { why, link = 'c', frame, before, after, options, also } of each) {
      const made = bench(options)
      before?.(made)
      made.take()
      made.changes()
      t.equal(made.receive(link, frame), name, why)
      t.strictSame(made.changes(), { [name]: 1, ...also }, `${why}: its counter and no other`)
      after?.(made)
      made.take()
      bystanderPasses(t, made)
    }
  })
}

t.test('verdict drop-neighbour-failed', async t => {
  const made = bench()
  t.equal(made.receive('c', syn('10.99.2.77:80')), 'held')
  made.take()
  made.changes()
  made.run(2900)
  t.strictSame(made.changes(), {}, 'not before three requests have been in vain')
  made.run(200)
  t.strictSame(made.changes(), { 'drop-neighbour-failed': 1, 'icmp-errors-sent': 1 })
  bystanderPasses(t, made)
})

t.test('verdict drop-fragment-timeout', async t => {
  const made = bench()
  t.equal(made.receive('c', piece(8, 8)), 'held')
  t.equal(made.receive('c', piece(0, 16, true)), 'drop-fragment-overlap')
  t.equal(made.receive('c', piece(0, 16)), 'held')
  made.changes()
  made.run(29_900)
  t.strictSame(made.changes(), {}, 'not before 30 s')
  made.poll(200)
  t.strictSame(made.changes(), { 'drop-fragment-timeout': 1, 'icmp-errors-sent': 1 })
  const [error] = made.take()
  const about = { type: 11, code: 1, ...toClient }
  t.equal(
    on('c', error!.frame),
    on('c', errorAbout(packetOf(piece(0, 16)), `${VIP} > 10.99.1.10`, about, error!.frame)),
  )
  made.receive('c', piece(8, 8))
  made.changes()
  made.run(31_000)
  t.strictSame(made.changes(), { 'drop-fragment-timeout': 1 }, 'without the first piece nobody is told')
})

t.test('verdict drop-fragment-evicted: of one source the oldest of 64, and nobody else’s', async t => {
  const made = bench()
  made.receive('c', first('10.99.1.11', 7))
  for (let id = 1; id <= 64; id++) t.equal(made.receive('c', first('10.99.1.10', id)), 'held')
  made.changes()
  t.equal(made.receive('c', first('10.99.1.10', 65)), 'held')
  t.strictSame(made.changes(), { held: 1, 'drop-fragment-evicted': 1 })
  t.equal(made.receive('c', rest('10.99.1.10', 1)), 'held', 'the oldest is gone, this begins anew')
  t.equal(made.receive('c', rest('10.99.1.10', 3)), 'drop-udp-malformed', 'another is whole')
  t.equal(made.receive('c', rest('10.99.1.11', 7)), 'drop-udp-malformed', 'so is the other client’s')
  bystanderPasses(t, made)
})

t.test('every verdict there is has a case here', async t => {
  // The last three: knobs.test.ts.
  const elsewhere = [
    'drop-neighbour-failed',
    'drop-scheduler-failed',
    'pass',
    'drop-defence',
    'drop-syn-budget', // ebpf/syn-budget.test.ts
    'drop-no-connection',
    'drop-sctp-malformed',
    'drop-fragment-timeout',
    'drop-fragment-evicted',
    'drop-frame-misplaced', // director/misplaced.test.ts
    'drop-virtio-malformed', // packet/virtio.test.ts
    'drop-no-memory', // packet/reassembly.test.ts
    'drop-advert-queue', // director/path/adverts.test.ts
    'drop-no-local-port', // director/fullnat.test.ts
    'left-to-kernel', // director/beside.test.ts
    'drop-local-node', // director/beside.test.ts
  ]
  const tested = [...Object.keys(cases), ...elsewhere]
  t.strictSame(
    [...verdictNames.values()].filter(name => !tested.includes(name)),
    [],
  )
})

t.test('no frame of any length makes the director throw', async t => {
  const made = bench()
  const frames = Object.values(cases).flatMap(each => each.map(({ frame }) => frame))
  frames.push(
    concat(syn(`${VIP}:80`), new Uint8Array(6)),
    syn(`${VIP}:80`, { padTo: 60, eth: `${CLIENT_MAC} > ${MAC_C}` }),
  )
  for (const [i, frame] of frames.entries())
    for (let len = 0; len < Math.min(frame.length, 90); len++)
      for (const link of ['c', 'r']) {
        try {
          made.receive(link, frame.slice(0, len))
        } catch (error) {
          t.fail(`frame ${i} cut to ${len} octets: ${String(error)}`)
        }
      }
  made.take()
  bystanderPasses(t, made)
})
