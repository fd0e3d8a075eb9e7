import t from 'tap'
import { BenchDirector, fromClient, on, toServer, VIP } from '../support/bench-director.js'
import { ip4, partialHeader, tcp4, udp4, virtioHeader, type VirtioOptions } from '../support/frames.js'
import { FullnatBench } from '../support/fullnat-bench.js'
import { concat } from '../support/octets.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const TCPV4 = 1
const UDP = 3
const TCPV6 = 4
const UDP_L4 = 5
const ECN = 0x80

const large = { ...fromClient, flags: 'A', payload: 3000, partial: true }
const TO_US = tcp4(`10.99.1.10:40000 > ${VIP}:80`, large)
const FORWARDED = tcp4('10.99.1.10:40000 > 10.99.2.12:80', large)
const DATAGRAM = udp4('10.99.1.10:1 > 10.99.2.12:1', { ...fromClient, payload: 1000, partial: true })
/** A segment of TCP inside a VXLAN datagram: 34 + 8 of UDP, 8 of VXLAN, 14 of Ethernet, 20 of IPv4 before its header. */
const INSIDE = 34 + 8 + 8 + 14 + 20
const VXLAN = udp4('10.99.1.10:1 > 10.99.2.12:4789', {
  ...fromClient,
  payload: concat(new Uint8Array(8), tcp4('10.1.0.1:1 > 10.1.0.2:2', large)),
})

function bench(isWholePath = false): BenchDirector {
  const made = new BenchDirector({ isWholePath })
  made.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  made.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  made.take()
  made.changes()
  return made
}

const pieces = (part: { mf: boolean } | { fragment: number }): Uint8Array =>
  ip4('10.99.1.10 > 10.99.2.12', 6, new Uint8Array(64), { ...fromClient, df: false, ...part })

const lies: [why: string, frame: Uint8Array, said: VirtioOptions][] = [
  ['a checksum from the Ethernet header on', TO_US, { csumStart: 0 }],
  ['a checksum from the IP header on', TO_US, { csumStart: 14, csumOffset: 10 }],
  ['a checksum from before the transport header on', TO_US, { csumStart: 33 }],
  ['a checksum from behind the frame on', TO_US, { csumStart: 0xfff0 }],
  ['a field behind the frame', TO_US, { csumOffset: 0xfff0 }],
  ['a field whose second octet is behind the frame', TO_US, { csumStart: 3053, csumOffset: 0 }],
  ['a field that is not TCP’s', TO_US, { csumOffset: 6 }],
  ['a field that is not UDP’s', DATAGRAM, { csumOffset: 16 }],
  ['segments of no octet', TO_US, { gsoType: TCPV4, gsoSize: 0 }],
  ['segments of a type that is not known', TO_US, { gsoType: 2, gsoSize: 1000 }],
  ['congestion told, but no segments', TO_US, { gsoType: ECN, gsoSize: 1000 }],
  ['segments of UDP', TO_US, { gsoType: UDP_L4, gsoSize: 1000 }],
  ['pieces of UDP', TO_US, { gsoType: UDP, gsoSize: 1000 }],
  ['segments of TCP over IPv6', TO_US, { gsoType: TCPV6, gsoSize: 1000 }],
  ['segments of TCP of a datagram', DATAGRAM, { gsoType: TCPV4, gsoSize: 100 }],
  ['segments of UDP with congestion told', DATAGRAM, { gsoType: UDP_L4 | ECN, gsoSize: 100 }],
  ['segments of a packet in TCP', TO_US, { gsoType: TCPV4, gsoSize: 1000, csumStart: 60 }],
  ['a data offset of 16 octets', TO_US.with(46, 0x40), { gsoType: TCPV4, gsoSize: 1000 }],
  [
    'a data offset behind the frame',
    tcp4(`1.2.3.4:1 > ${VIP}:80`, { ...fromClient, partial: true }).with(46, 0xf0),
    { gsoType: TCPV4, gsoSize: 9 },
  ],
  [
    'a TCP header inside, half behind the frame',
    VXLAN,
    { gsoType: TCPV4, gsoSize: 9, csumStart: VXLAN.length - 19, csumOffset: 16 },
  ],
  [
    'a UDP header inside, half behind the frame',
    VXLAN,
    { gsoType: UDP_L4, gsoSize: 9, csumStart: VXLAN.length - 7, csumOffset: 4 },
  ],
  ['a checksum left of a first piece', pieces({ mf: true }), {}],
  ['a checksum left of a last piece', pieces({ fragment: 3 }), {}],
]

for (const isWholePath of [false, true])
  t.test(`verdict drop-virtio-malformed, ${isWholePath ? 'the whole path' : 'the fast path first'}`, async t => {
    const made = bench(isWholePath)
    for (const [why, frame, said] of lies)
      for (const to of [VIP, 'forwarded']) {
        if (to === 'forwarded' && frame !== TO_US) continue
        const given = to === VIP ? frame : FORWARDED
        t.strictSame(
          made.turn('c', given.slice(), partialHeader(given, said)),
          ['drop-virtio-malformed'],
          `${why}, ${to}`,
        )
        t.strictSame(made.changes(), { 'drop-virtio-malformed': 1 }, `${why}: its counter and no other`)
      }
    t.strictSame(
      made.turn('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'A' })),
      ['balanced', on('r', tcp4('10.99.1.10:40000 > 10.99.2.11:80', { ...toServer(), flags: 'A', ttl: 63 }))],
      'the connection goes on',
    )
  })

t.test('segments without a checksum left to the device are those of the transport header', async t => {
  const whole = tcp4('10.99.1.10:40000 > 10.99.2.12:80', { ...large, partial: false })
  const made = bench()
  t.equal(made.receive('c', whole.slice(), virtioHeader({ gsoType: TCPV4, gsoSize: 1000 })), 'forwarded')
  t.strictSame(made.take()[0]!.header, virtioHeader({ gsoType: TCPV4, gsoSize: 1000, hdrLen: 54 }))
  t.equal(
    made.receive('c', whole.with(46, 0x40), virtioHeader({ gsoType: TCPV4, gsoSize: 9 })),
    'drop-virtio-malformed',
  )
})

t.test('a checksum of what is cut off is forgotten: of the data in a SYN, before a PROXY header', async t => {
  const made = new FullnatBench()
  made.serveFullnat('tcp', `${VIP}:80`, { clientAddress: 'proxy-v2' })
  for (const [why, csumStart] of [
    ['the segment’s own stays', 34],
    ['one inside goes', 34 + 20 + 90],
  ] as const) {
    const frame = tcp4(`10.99.1.10:${csumStart} > ${VIP}:80`, {
      ...fromClient,
      payload: 100,
      partial: csumStart === 34,
    })
    const header = partialHeader(frame, { csumStart, ...(csumStart !== 34 && { csumOffset: 6 }) })
    t.equal(made.receive('c', frame, header), 'balanced')
    const [sent] = made.take()
    t.equal(sent!.frame.length, 54)
    t.strictSame(sent!.header, csumStart === 34 ? partialHeader(sent!.frame) : virtioHeader(), why)
  }
})

const checksumAt = (csumStart: number): Uint8Array => virtioHeader({ needsCsum: true, csumStart, csumOffset: 6 })

t.test('a checksum starts where a tunnel’s headers, too, still leave it in 16 bits', async t => {
  const made = new BenchDirector({ routes: ['10.99.2.0/24=@r,mtu=65535'] })
  const service = { protocol: 'udp' as const, address: VIP, port: 53 }
  made.must({ op: 'add-service', service, settings: serviceSettings('rr') })
  const destination = { address: '10.99.2.11', port: 53 }
  made.must({ op: 'add-destination', service, destination, settings: destinationSettings(1, { method: 'tunnel' }) })
  const frame = udp4(`10.99.1.10:1 > ${VIP}:53`, { ...fromClient, payload: 65_535 - 28 - 20 })
  t.equal(made.receive('c', frame.slice(), checksumAt(0xffff - 63)), 'drop-virtio-malformed')
  t.equal(made.receive('c', frame.slice(), checksumAt(0xffff - 64)), 'balanced')
  t.strictSame(made.take()[0]!.header, checksumAt(0xffff - 64 + 20))
})

t.test('segments inside a tunnel are as large as all the headers before their payload make them', async t => {
  const made = bench()
  const said = { needsCsum: true, gsoType: TCPV4, csumStart: INSIDE, csumOffset: 16 }
  const headers = INSIDE + 20
  for (const [gsoSize, verdict] of [
    [1500 + 14 - headers, 'forwarded'],
    [1500 + 14 - headers + 1, 'drop-too-big'],
  ] as const) {
    t.equal(made.receive('c', VXLAN.slice(), virtioHeader({ ...said, gsoSize })), verdict, `${gsoSize} octets`)
    const [sent] = made.take()
    if (verdict === 'forwarded') t.strictSame(sent!.header, virtioHeader({ ...said, gsoSize, hdrLen: headers }))
  }
})

t.test('what stands for one segment stands for itself, and may be no larger than the MTU', async t => {
  for (const isWholePath of [false, true])
    for (const [payload, verdict] of [
      [1000, 'balanced'],
      [1460, 'balanced'],
      [1461, 'drop-too-big'],
    ] as const)
      for (const gsoSize of [payload, payload + 1, 0xffff]) {
        const made = bench(isWholePath)
        const frame = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...large, payload })
        const given = made.receive('c', frame, partialHeader(frame, { gsoType: TCPV4, gsoSize }))
        t.equal(given, verdict, `${payload} in ${gsoSize}`)
        if (verdict === 'balanced')
          t.strictSame(made.take()[0]!.header, partialHeader(frame), `${payload} in ${gsoSize}`)
      }
})
