import t from 'tap'
import type { TunnelInfo } from '../../src/control/protocol/api.js'
import {
  BenchDirector,
  endpoint,
  errorAbout,
  fromClient,
  idOf,
  oneHopOn,
  toClient,
  toServer,
  VIP,
  type Sent,
} from '../support/bench-director.js'
import {
  checksum,
  concat,
  ethernet,
  icmp4,
  packet4,
  partialHeader,
  tcp4,
  udp4,
  virtioHeader,
} from '../support/frames.js'
import { addrOctets, hex, pseudoHeader, readU16, u16, unhex } from '../support/octets.js'
import { behindIp, finished, inPieces, inSegments, joined } from '../support/pieces.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const TCPV4 = 1
const UDP_L4 = 5
const SERVER = '10.99.2.11'
const DIP = '10.99.2.1'

const TUNNELS: Record<string, { tunnel: TunnelInfo; overhead: number }> = {
  IPIP: { tunnel: { type: 'ipip', port: 0, checksum: 'none' }, overhead: 20 },
  GUE: { tunnel: { type: 'gue', port: 6080, checksum: 'none' }, overhead: 32 },
  'GUE with checksum': { tunnel: { type: 'gue', port: 6080, checksum: 'full' }, overhead: 32 },
  'GUE with remote checksum': { tunnel: { type: 'gue', port: 6080, checksum: 'remote' }, overhead: 32 },
  GRE: { tunnel: { type: 'gre', port: 0, checksum: 'none' }, overhead: 24 },
  'GRE with checksum': { tunnel: { type: 'gre', port: 0, checksum: 'full' }, overhead: 28 },
}

function bench(tunnel: TunnelInfo, options: ConstructorParameters<typeof BenchDirector>[0] = {}): BenchDirector {
  const made = new BenchDirector(options)
  for (const protocol of ['tcp', 'udp'] as const) {
    const service = { protocol, ...endpoint(`${VIP}:80`) }
    made.must({ op: 'add-service', service, settings: serviceSettings('rr') })
    const settings = destinationSettings(1, { method: 'tunnel', tunnel })
    made.must({ op: 'add-destination', service, destination: endpoint(`${SERVER}:80`), settings })
  }
  made.poll()
  made.take()
  return made
}

/** What a tunnel is to make of a packet: ports and ids that are ours to choose are taken from what was sent. */
function wrapped(name: string, inner: Uint8Array, sent: Uint8Array): Uint8Array {
  const { tunnel } = TUNNELS[name]!
  const isChecked = tunnel.checksum !== 'none'
  let between: Uint8Array = new Uint8Array(0)
  if (tunnel.type === 'gre') {
    const before = concat(u16(isChecked ? 0x8000 : 0), u16(0x0800))
    between = isChecked ? concat(before, u16(checksum(concat(before, u16(0), u16(0), inner))), u16(0)) : before
  }
  if (tunnel.type === 'gue') {
    const len = 12 + inner.length
    const [ports, gue] = [concat(behindIp(sent).slice(0, 2), u16(6080)), unhex('00040000')]
    const pseudo = pseudoHeader(addrOctets(DIP), addrOctets(SERVER), 17, len)
    const check = checksum(concat(pseudo, ports, u16(len), u16(0), gue, inner)) || 0xffff
    between = concat(ports, u16(len), u16(isChecked ? check : 0), gue)
  }
  const df = (inner[6]! & 0x40) !== 0
  const [tos, ttl] = [inner[1]!, inner[8]!]
  const options = { df, ttl, tos: (tos & 3) === 3 ? tos - 1 : tos, id: df ? 0 : idOf(sent) }
  const protocol = { ipip: 4, gue: 17, gre: 47 }[tunnel.type]
  return ethernet(0x0800, packet4(`${DIP} > ${SERVER}`, protocol, concat(between, inner), options), toServer())
}
const done = ({ frame, header }: Sent): string => hex(finished(frame, header))

for (const [name, { tunnel, overhead }] of Object.entries(TUNNELS)) {
  t.test(`${name}: the packet as it is, its TTL one less, in a packet of ours`, async t => {
    const made = bench(tunnel)
    for (const more of [
      { payload: 0 },
      { payload: 1 },
      { payload: 1499 - overhead - 40 },
      { payload: 33, tos: 0x2e },
      { payload: 33, tos: 0x02 },
      { payload: 33, tos: 0xff },
      { payload: 33, tos: 0x01, ttl: 2 },
      { payload: 33, df: false },
      { payload: 33, ipOptions: unhex('01010101'), id: 0, ttl: 255 },
      { payload: 33, padTo: 120 },
      { payload: 33, checksum: 0x1234 },
    ])
      for (const make of [tcp4, udp4]) {
        const frame = make(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, ...more })
        t.equal(made.receive('c', frame), 'balanced')
        const [sent, ...others] = made.take()
        const expected = wrapped(name, oneHopOn(frame), sent!.frame)
        t.equal(hex(sent!.frame), hex(expected), `${make.name} ${JSON.stringify(more)}`)
        t.strictSame(sent!.header, virtioHeader())
        t.strictSame([sent!.link, others.length], ['r', 0])
      }
  })

  t.test(`${name}: a checksum that is left to the device stays with it, and all others count on it`, async t => {
    const made = bench(tunnel)
    for (const make of [tcp4, udp4])
      for (const payload of [0, 1, 700, 1401]) {
        const options = { ...fromClient, payload }
        const frame = make(`10.99.1.10:40000 > ${VIP}:80`, { ...options, partial: true })
        t.equal(made.receive('c', frame, partialHeader(frame)), 'balanced')
        const [sent] = made.take()
        const csumStart = 34 + overhead
        const header = virtioHeader({ needsCsum: true, csumStart, csumOffset: make === tcp4 ? 16 : 6 })
        t.strictSame(sent!.header, header)
        const whole = oneHopOn(make(`10.99.1.10:40000 > ${VIP}:80`, options))
        t.equal(done(sent!), hex(wrapped(name, whole, sent!.frame)), `${make.name}, ${payload} octets`)
      }
  })

  t.test(`${name}: of a GSO frame each segment goes through for itself`, async t => {
    const made = bench(tunnel)
    made.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, fromClient))
    made.take()
    for (const [make, gsoType, payload, gsoSize] of [
      [tcp4, TCPV4, 20_000, 1400],
      [tcp4, TCPV4, 2801, 1400],
      [udp4, UDP_L4, 9000, 1400],
    ] as const) {
      const options = { ...fromClient, flags: 'PA', payload, partial: true, id: 0xfffd }
      const frame = make(`10.99.1.10:40000 > ${VIP}:80`, options)
      t.equal(made.receive('c', frame, partialHeader(frame, { gsoType, gsoSize })), 'balanced')
      const sent = made.take()
      const expected = inSegments(frame, gsoSize).map((segment, i) => wrapped(name, oneHopOn(segment), sent[i]!.frame))
      t.strictSame(sent.map(done), expected.map(hex), `${make.name}, ${payload} octets`)
    }
  })

  t.test(`${name}: what is larger than the tunnel takes is told, with DF, of the tunnel’s MTU`, async t => {
    const made = bench(tunnel)
    const most = 1500 - overhead
    const fits = udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload: most - 28 })
    const tooLarge = udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload: most - 27 })
    t.equal(made.receive('c', fits), 'balanced')
    t.equal(made.take()[0]!.frame.length, 1514)
    t.equal(made.receive('c', tooLarge), 'drop-too-big')
    const [error] = made.take()
    const about = { type: 3, code: 4, rest: most, ...toClient }
    t.equal(hex(error!.frame), hex(errorAbout(oneHopOn(tooLarge), `${VIP} > 10.99.1.10`, about, error!.frame)))
    for (const [gsoSize, verdict] of [
      [most - 40, 'balanced'],
      [most - 39, 'drop-too-big'],
    ] as const) {
      const frame = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload: 5000, partial: true })
      t.equal(made.receive('c', frame, partialHeader(frame, { gsoType: TCPV4, gsoSize })), verdict, `${gsoSize}`)
      made.take()
    }
  })

  t.test(`${name}: without DF, or with pmtu_disc 0, the outer packet goes in pieces`, async t => {
    for (const [df, pmtuDisc] of [
      [false, 1],
      [false, 0],
      [true, 0],
    ] as const) {
      const made = bench(tunnel)
      made.must({ op: 'set-sysctl', name: 'pmtu_disc', value: String(pmtuDisc) })
      for (const isPartial of [false, true]) {
        const options = { ...fromClient, df, payload: 1460 }
        const frame = udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...options, partial: isPartial })
        t.equal(made.receive('c', frame, isPartial ? partialHeader(frame) : virtioHeader()), 'balanced')
        const sent = made.take()
        const { frame: whole, cuts } = joined(sent.map(each => each.frame))
        t.equal(cuts.length, 2)
        t.equal(sent[0]!.frame[20]! & 0x40, 0, 'no DF outside')
        const inner = behindIp(whole).slice(overhead - 20)
        t.equal(hex(inner), hex(oneHopOn(udp4(`10.99.1.10:40000 > ${VIP}:80`, options))))
        t.ok(sent.every(({ header }) => hex(header) === hex(virtioHeader())))
      }
    }
  })

  t.test(`${name}: segments that the tunnel is too narrow for go in pieces too`, async t => {
    const made = bench(tunnel)
    made.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, fromClient))
    made.take()
    const options = { ...fromClient, df: false, flags: 'A', payload: 4380 }
    const frame = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...options, partial: true })
    t.equal(made.receive('c', frame, partialHeader(frame, { gsoType: TCPV4, gsoSize: 1460 })), 'balanced')
    const sent = made.take()
    t.equal(sent.length, 6)
    const segments = [0, 2, 4].map(at => joined(sent.slice(at, at + 2).map(each => each.frame)).frame)
    t.strictSame(
      segments.map(hex),
      inSegments(frame, 1460).map((segment, i) => hex(wrapped(name, oneHopOn(segment), segments[i]!))),
    )
    t.equal(new Set(segments.map(idOf)).size, 3, 'each packet has an id of its own')
  })

  t.test(`${name}: a datagram in pieces is wrapped whole, and leaves in pieces of the tunnel’s`, async t => {
    const made = bench(tunnel)
    const frame = udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, df: false, payload: 1592 })
    const verdicts = inPieces(frame, 0, 800).map(piece => made.receive('c', piece))
    t.strictSame(verdicts, ['held', 'balanced'])
    const { frame: whole, cuts } = joined(made.take().map(each => each.frame))
    t.equal(hex(whole), hex(wrapped(name, oneHopOn(frame), whole)))
    t.strictSame(cuts, ['0–800', '800–1600', `1600–${1600 + overhead}`], 'none is larger than the largest that came')
  })

  t.test(`${name}: the largest datagram has no room in a packet of ours`, async t => {
    const made = bench(tunnel)
    const most = 65_535 - overhead - 28
    for (const [payload, verdict] of [
      [most, 'balanced'],
      [most + 1, 'drop-too-big'],
      [65_535 - 28, 'drop-too-big'],
    ] as const) {
      const frame = udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, df: false, payload })
      const starts = Array.from({ length: Math.ceil((payload + 8) / 1480) }, (_, i) => i * 1480)
      t.equal(
        inPieces(frame, ...starts)
          .map(piece => made.receive('c', piece))
          .at(-1),
        verdict,
        `${payload} octets`,
      )
      const sent = made.take()
      if (verdict === 'balanced')
        t.equal(hex(behindIp(joined(sent.map(each => each.frame)).frame).slice(overhead - 20)), hex(oneHopOn(frame)))
      else t.strictSame(sent, [])
      made.poll(10)
    }
  })

  t.test(`${name}: nothing is written but in front of the frame, as far as the headers go`, async t => {
    const made = bench(tunnel)
    for (const payload of [0, 100, 1440, 1460, 1472]) {
      for (const [df, ttl] of [
        [true, 64],
        [false, 64],
        [true, 1],
      ] as const) {
        const frame = udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload, df, ttl })
        const { slab, at, len } = made.place('c', frame)
        const room = Math.max(overhead, 28)
        t.ok(
          slab.bytes.slice(0, at - 10 - room).every(octet => octet === 0xa5),
          `${payload} octets: before`,
        )
        t.ok(
          slab.bytes.slice(at + len).every(octet => octet === 0xa5),
          `${payload} octets: behind`,
        )
        made.take()
      }
    }
  })

  t.test(`${name}: no packet can be sent where less than 68 octets remain`, async t => {
    for (const [mtu, verdict] of [
      [67 + overhead, 'drop-too-big'],
      [68 + overhead, 'balanced'],
      [68, 'drop-too-big'],
    ] as const) {
      const made = bench(tunnel, { routes: ['default=10.99.1.254', `${SERVER}/32=@r,mtu=${mtu}`] })
      const frame = udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload: 20 })
      t.equal(made.receive('c', frame), verdict, `MTU ${mtu}`)
      t.equal(made.take().length, verdict === 'balanced' ? 1 : 0, 'silently')
    }
  })

  t.test(`${name}: an ICMP error about the connection goes through the tunnel as well`, async t => {
    const made = bench(tunnel)
    made.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, fromClient))
    made.take()
    const payload = oneHopOn(tcp4(`${VIP}:80 > 10.99.1.10:40000`))
    const error = { type: 3, code: 1, payload, ...fromClient }
    const frame = icmp4(`10.99.1.77 > ${VIP}`, error)
    t.equal(made.receive('c', frame), 'balanced')
    const [sent] = made.take()
    t.equal(hex(sent!.frame), hex(wrapped(name, oneHopOn(frame), sent!.frame)))
    t.equal(made.receive('c', icmp4(`10.99.1.77 > ${VIP}`, { ...error, checksum: 0x1234 })), 'drop-icmp-checksum')
  })
}

t.test('GUE: a flow keeps its source port, in Linux’s range, and flows have different ones', async t => {
  const made = bench(TUNNELS['GUE']!.tunnel)
  const portOf = (frame: Uint8Array): number => {
    made.receive('c', frame)
    return readU16(made.take()[0]!.frame, 34)
  }
  const ports = new Set<number>()
  for (let i = 0; i < 400; i++) {
    const flow = `10.99.1.${10 + (i % 20)}:${1 + i * 163} > ${VIP}:80`
    const port = portOf(tcp4(flow, fromClient))
    ports.add(port)
    if (port !== portOf(tcp4(flow, { ...fromClient, flags: 'PA', payload: 50, seq: 7, id: 9 }))) t.fail('another port')
    if (port < 32_768 || port > 60_999) t.fail(`port ${port}`)
  }
  t.ok(ports.size > 380, `${ports.size} of 400`)
  t.ok(Math.max(...ports) > 60_000 && Math.min(...ports) < 33_600, 'over the whole range')
})

t.test('GUE: clients of one port have different source ports too', async t => {
  const made = bench(TUNNELS['GUE']!.tunnel)
  const ports = Array.from({ length: 20 }, (_, i) => {
    made.receive('c', udp4(`10.99.1.${10 + i}:40000 > ${VIP}:80`, fromClient))
    return readU16(made.take()[0]!.frame, 34)
  })
  t.ok(new Set(ports).size > 18, ports.join())
})

t.test('GUE: a computed checksum of zero is all ones', async t => {
  const made = bench(TUNNELS['GUE with checksum']!.tunnel)
  const outer = (payload: Uint8Array): number => {
    made.receive('c', udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload, checksum: 0x1234 }))
    return readU16(made.take()[0]!.frame, 40)
  }
  const check = outer(u16(0))
  t.equal(outer(u16(check)), 0xffff)
})

t.test('the outer address is ours of the network of the next hop; the route decides where to', async t => {
  const service = { protocol: 'tcp' as const, ...endpoint(`${VIP}:80`) }
  const made = new BenchDirector({
    routes: ['192.0.2.0/24=10.99.2.13'],
    addresses: ['10.99.1.1/24@c', '10.99.2.1/24@r', '10.99.3.1/24@r'],
  })
  made.must({ op: 'add-service', service, settings: serviceSettings('rr') })
  const settings = destinationSettings(1, { method: 'tunnel' })
  made.must({ op: 'add-destination', service, destination: endpoint('192.0.2.7:80'), settings })
  made.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, fromClient))
  const sent = made.take().find(({ link }) => link === 'r')!
  t.equal(hex(sent.frame.slice(0, 6)), '020000000213', 'the gateway’s MAC')
  t.equal(hex(sent.frame.slice(26, 34)), '0a630201c0000207')
})

t.test('outer ids count on, and no two packets in pieces share one', async t => {
  const made = bench(TUNNELS['IPIP']!.tunnel)
  const ids = Array.from({ length: 5 }, () => {
    made.receive('c', udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, df: false }))
    return idOf(made.take()[0]!.frame)
  })
  t.equal(new Set(ids).size, 5)
})
