import t from 'tap'
import { endpoint, fromClient, fromServer, on, toClient, toServer, VIP } from '../support/bench-director.js'
import { concat, hex, icmp4, packetOf, partialHeader, tcp4, udp4, unhex, type TcpOptions } from '../support/frames.js'
import { CLIENT, FullnatBench, LIP, SERVER } from '../support/fullnat-bench.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const VS = `${VIP}:80`
const TOA = unhex('fe089c400a63010a')
const MSS = unhex('020405b4')
const GSO_TCPV4 = 1
/** 36 octets, all needed. */
const FULL = concat(unhex('0824'), new Uint8Array(34))

/** A director with the connection CLIENT → VS, whose SYN has passed. */
class Stream extends FullnatBench {
  readonly local: string

  constructor(options = {}) {
    super(options)
    this.serveFullnat('tcp', VS, { clientAddress: 'toa' })
    this.local = this.localOf(tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'S' }))
    this.changes()
  }
  client(options: TcpOptions, header?: Uint8Array): string[] {
    return this.turn('c', tcp4(`${CLIENT} > ${VS}`, { ...options, ...fromClient }), header).slice(1)
  }
  plain(options: TcpOptions, header?: Uint8Array): string {
    return on('r', tcp4(`${this.local} > ${SERVER}`, { ...options, ...toServer(), ttl: 63 }), header)
  }
  told(options: TcpOptions, header?: Uint8Array): string {
    return this.plain({ ...options, tcpOptions: concat(TOA, options.tcpOptions ?? new Uint8Array(0)) }, header)
  }
  server(options: TcpOptions): string[] {
    return this.turn('r', tcp4(`${SERVER} > ${this.local}`, { ...options, ...fromServer() })).slice(1)
  }
  received(options: TcpOptions): string {
    return on('c', tcp4(`${VS} > ${CLIENT}`, { ...options, ...toClient, ttl: 63 }))
  }
}

const gso = (size: number, hdrLen: number): Uint8Array =>
  partialHeader(tcp4('1.1.1.1:1 > 1.1.1.1:1'), { gsoType: GSO_TCPV4, gsoSize: size, hdrLen })
/** What an ICMP error embeds of a segment. */
const about = (flow: string): Uint8Array => packetOf(tcp4(flow, { ttl: 62, checksum: 0x4242, payload: 9 })).slice(0, 28)

t.test('in every segment until the real server’s first data has been acknowledged', async t => {
  const stream = new Stream()
  const syn = { flags: 'S', seq: 1000, tcpOptions: MSS }
  t.strictSame(stream.client(syn), [stream.told(syn)], 'the SYN that comes again')
  const data = { flags: 'S', seq: 1000, payload: 33 }
  t.strictSame(stream.client(data), [stream.told(data)], 'a SYN with data')
  const synAck = { flags: 'SA', seq: 0xffff_fffe, ack: 1001 }
  t.strictSame(
    stream.server({ ...synAck, tcpOptions: MSS }),
    [stream.received({ ...synAck, tcpOptions: unhex('020405ac') })],
    'the MSS that the client hears is 8 less',
  )
  for (const options of [
    { flags: 'A', seq: 1001, ack: 0xffff_ffff },
    { flags: 'PA', seq: 1001, ack: 0xffff_ffff, payload: 7 },
    { flags: 'PA', seq: 1001, ack: 0xffff_ffff, payload: 7 },
    { flags: 'FA', seq: 1008, ack: 0xffff_ffff },
  ])
    t.strictSame(stream.client(options), [stream.told(options)])
  const answer = { flags: 'PA', seq: 0xffff_ffff, ack: 1009, payload: 5 }
  t.strictSame(stream.server(answer), [stream.received(answer)])
  for (const ack of [4, 4, 0xffff_ffff]) {
    const options = { flags: 'A', seq: 1009, ack }
    t.strictSame(stream.client(options), [stream.plain(options)], `acknowledged ${ack}`)
  }
  t.strictSame(stream.changes(), { balanced: 11 })
})

t.test('in every SYN, late copies too; a server that begins anew is told anew', async t => {
  const stream = new Stream()
  stream.server({ flags: 'SA', seq: 0xffff_fffe, ack: 1001 })
  stream.client({ flags: 'A', seq: 1001, ack: 0xffff_ffff })
  stream.server({ flags: 'PA', seq: 0xffff_ffff, ack: 1001, payload: 5 })
  const ack = { flags: 'A', seq: 1001, ack: 4 }
  t.strictSame(stream.client(ack), [stream.plain(ack)], 'the first data is acknowledged')

  const syn = { flags: 'S', seq: 1000, tcpOptions: MSS }
  t.strictSame(stream.client(syn), [stream.told(syn)])
  t.strictSame(stream.client(ack), [stream.plain(ack)])
  stream.server({ flags: 'SA', seq: 0xffff_fffe, ack: 1001 })
  t.strictSame(stream.client(ack), [stream.plain(ack)], 'a SYN-ACK that comes again begins nothing')

  stream.server({ flags: 'SA', seq: 77, ack: 1001 })
  const another = { flags: 'A', seq: 1001, ack: 78 }
  t.strictSame(stream.client(another), [stream.told(another)])
})

/** What a client may send of TOA's kind, in 12 octets, and what is left of it. */
const CLAIMS: [claim: string, left: string][] = [
  ['fe081234cb00710901010101', '010101010101010101010101'],
  ['0101fe081234cb0071090101', '010101010101010101010101'],
  ['fe04aaaafe081234cb007109', '010101010101010101010101'],
  ['fe02fe03aafe06aaaaaaaa01', '010101010101010101010101'],
  ['0204fefefe081234cb007109', '0204fefe0101010101010101'],
  ['00fe081234cb007109000000', '000000000000000000000000'],
  ['020405b4fe01081234cb0071', '020405b40000000000000000'],
  ['020405b4fe00081234cb0071', '020405b40000000000000000'],
  ['020405b4fe091234cb007109', '020405b40000000000000000'],
  ['030307020405b4010101fefe', '030307020405b40101010000'],
  ['02fffe081234cb0071090101', '000000000000000000000000'],
  ['01010101010101010101 01fe', '010101010101010101010100'],
]

for (const isWholePath of [true, false])
  t.test(`nothing of TOA’s kind passes, in any segment${isWholePath ? ', by the whole path' : ''}`, async t => {
    const stream = new Stream({ isWholePath })
    const passes = (what: string, options: TcpOptions, isTold: boolean): void => {
      for (const [claim, left] of CLAIMS)
        for (const partial of [false, true]) {
          const header = partial ? partialHeader(tcp4('1.1.1.1:1 > 1.1.1.1:1')) : undefined
          const given = { ...options, partial, tcpOptions: unhex(claim) }
          const expected = { ...given, tcpOptions: unhex(left) }
          const to = isTold ? stream.told(expected, header) : stream.plain(expected, header)
          t.strictSame(stream.client(given, header), [to], `${what}: ${claim}`)
        }
    }
    passes('SYN', { flags: 'S', seq: 1000 }, true)
    stream.server({ flags: 'SA', seq: 5000, ack: 1001 })
    passes('handshake', { flags: 'A', seq: 1001, ack: 5001 }, true)
    stream.server({ flags: 'PA', seq: 5001, ack: 1001, payload: 5 })
    passes('before the acknowledgement', { flags: 'PA', seq: 1001, ack: 5001, payload: 3 }, true)
    passes('acknowledged', { flags: 'A', seq: 1001, ack: 5006 }, false)
    passes('later', { flags: 'PA', seq: 1001, ack: 5006, payload: 7 }, false)
    passes('a SYN that strays', { flags: 'S', seq: 77, ack: 0 }, true)
    passes('the end', { flags: 'FA', seq: 1008, ack: 5006 }, false)
    passes('reset', { flags: 'R', seq: 1001 }, false)
  })

t.test('without room for ours the client’s is taken out all the same, and ours has its place', async t => {
  const fake = unhex('fe081234cb007109')
  for (const before of ['', '01', '020405b4'])
    for (const partial of [false, true]) {
      const stream = new Stream()
      const pad = unhex('01010101'.repeat(9).slice(0, 64 - before.length))
      const given = concat(unhex(before), fake, pad.slice(0, 24 - before.length / 2), fake)
      const kept = unhex(before === '01' ? '' : before)
      const left = concat(TOA, kept, new Uint8Array(32 - kept.length))
      const header = partial ? partialHeader(tcp4('1.1.1.1:1 > 1.1.1.1:1')) : undefined
      t.strictSame(
        stream.client({ flags: 'S', partial, tcpOptions: given }, header),
        [stream.plain({ flags: 'S', partial, tcpOptions: left }, header)],
        `behind '${before}'`,
      )
    }
  const stream = new Stream()
  const [full, left] = [concat(FULL, unhex('fe04aaaa')), concat(FULL, unhex('01010101'))]
  t.strictSame(stream.client({ flags: 'S', tcpOptions: full }), [stream.plain({ flags: 'S', tcpOptions: left })])
  t.strictSame(stream.changes(), { balanced: 1, 'toa-options-full': 1 })
})

t.test('an acknowledgement of what the server never sent does not end it', async t => {
  const stream = new Stream()
  stream.server({ flags: 'SA', seq: 5000, ack: 1001 })
  for (const ack of [5002, 9000, 5001]) {
    const options = { flags: 'A', seq: 1001, ack }
    t.strictSame(stream.client(options), [stream.told(options)], `${ack}`)
  }
})

t.test('frames that stand for many segments are rid of it too', async t => {
  const stream = new Stream()
  const options = { flags: 'PA', seq: 1001, payload: 20_000, partial: true }
  const [given, left] = [unhex('0101fe081234cb0071090101'), unhex('01'.repeat(12))]
  t.strictSame(stream.client({ ...options, tcpOptions: given }, gso(1400, 66)), [
    stream.told({ ...options, tcpOptions: left }, gso(1400, 74)),
  ])
})

t.test('nor does it reach servers of the service that are not told', async t => {
  for (const method of ['masq', 'direct', 'tunnel'] as const)
    for (const isWholePath of [true, false]) {
      const bench = new FullnatBench({ isWholePath })
      const service = bench.serveFullnat('tcp', VS, { clientAddress: 'toa', servers: [] })
      const destination = { address: '10.99.2.11', port: method === 'masq' ? 8080 : 80 }
      bench.must({ op: 'add-destination', service, destination, settings: destinationSettings(1, { method }) })
      const inner = (): Uint8Array => {
        const [sent] = bench.take()
        const packet = packetOf(sent!.frame)
        return method === 'tunnel' ? packet.slice(20) : packet
      }
      for (const flags of ['S', 'A', 'PA', 'FA']) {
        const given = { ...fromClient, flags, payload: 3, tcpOptions: unhex('0101fe081234cb0071090101') }
        t.equal(bench.receive('c', tcp4(`${CLIENT} > ${VS}`, given)), 'balanced')
        const to = method === 'masq' ? SERVER : VS
        const left = packetOf(tcp4(`${CLIENT} > ${to}`, { ...given, ttl: 63, tcpOptions: unhex('01'.repeat(12)) }))
        t.equal(hex(inner()), hex(left), `${method} ${flags}`)
      }
      bench.must({ op: 'edit-service', service, settings: serviceSettings('rr') })
      bench.receive('c', tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'A', tcpOptions: TOA }))
      t.match(hex(inner()), hex(TOA), 'and without TOA it passes')
    }
})

t.test('nor by another service without TOA that has a server of the same address', async t => {
  const OTHER = `${VIP}:81`
  for (const isWholePath of [true, false]) {
    const bench = new FullnatBench({ isWholePath })
    const service = { protocol: 'tcp' as const, ...endpoint(OTHER) }
    bench.must({ op: 'add-service', service, settings: serviceSettings('rr') })
    const settings = destinationSettings(1, { method: 'masq' })
    bench.must({ op: 'add-destination', service, destination: endpoint('10.99.2.11:81'), settings })
    const passes = (flags: string): boolean => {
      const given = { ...fromClient, flags, payload: 3, tcpOptions: TOA }
      t.equal(bench.receive('c', tcp4(`${CLIENT} > ${OTHER}`, given)), 'balanced')
      return hex(packetOf(bench.take()[0]!.frame)).includes(hex(TOA))
    }
    t.strictSame(['S', 'A', 'PA'].map(passes), [true, true, true], 'nobody is told by TOA')
    const told = bench.serveFullnat('tcp', VS, { clientAddress: 'toa' })
    t.strictSame(['A', 'PA', 'FA', 'S'].map(passes), [false, false, false, false])
    bench.must({ op: 'edit-service', service: told, settings: serviceSettings('rr') })
    t.strictSame(['A', 'PA'].map(passes), [true, true])
    bench.must({ op: 'edit-service', service: told, settings: serviceSettings('rr', { clientAddress: 'toa' }) })
    t.notOk(passes('A'))
    bench.must({ op: 'delete-service', service: told })
    t.ok(passes('A'))
  }
})

t.test('a reset goes without', async t => {
  const stream = new Stream()
  const options = { flags: 'R', seq: 1001 }
  t.strictSame(stream.client(options), [stream.plain(options)])
})

t.test('where options are full the segment goes without, and is counted', async t => {
  const stream = new Stream()
  const options = { flags: 'A', seq: 1001, tcpOptions: FULL }
  t.strictSame(stream.client(options), [stream.plain(options)])
  t.strictSame(stream.changes(), { balanced: 1, 'toa-options-full': 1 })
})

t.test('where the packet is as large as the way allows it goes without, and is counted', async t => {
  const stream = new Stream({ routes: ['default=10.99.1.254', '10.99.2.11/32=@r,mtu=1400'] })
  for (const payload of [1352, 1353, 1360]) {
    const options = { flags: 'A', seq: 1001, payload }
    t.strictSame(
      stream.client(options),
      [payload === 1352 ? stream.told(options) : stream.plain(options)],
      `${payload}`,
    )
  }
  t.strictSame(stream.changes(), { balanced: 3, 'toa-too-big': 2 })
  t.equal(stream.receive('c', tcp4(`${CLIENT} > ${VS}`, { flags: 'A', payload: 1361, ...fromClient })), 'drop-too-big')
  const [refused] = stream.take()
  t.equal(Buffer.from(packetOf(refused!.frame)).readUInt32BE(24), 1392, 'the client is told a size that leaves it room')
})

t.test('frames that stand for many segments: each gets it, and fits', async t => {
  const stream = new Stream()
  for (const [gsoSize, left] of [
    [1460, 1452],
    [1400, 1400],
  ]) {
    const options = { flags: 'PA', seq: 1001, payload: 20_000, partial: true }
    t.strictSame(stream.client(options, gso(gsoSize!, 54)), [stream.told(options, gso(left!, 62))])
  }
})

t.test('an ICMP error about a path’s MTU leaves room for it', async t => {
  const stream = new Stream()
  const error = { type: 3, code: 4 }
  for (const [mtu, told] of [
    [1400, 1392],
    [70, 70],
    [0, 0],
  ]) {
    const given = icmp4(`10.99.2.11 > ${LIP}`, {
      ...error,
      rest: mtu!,
      payload: about(`${stream.local} > ${SERVER}`),
      ...fromServer(),
    })
    const expected = icmp4(`${VIP} > 10.99.1.10`, {
      ...error,
      rest: told!,
      payload: about(`${CLIENT} > ${VS}`),
      ttl: 63,
      ...toClient,
    })
    t.strictSame(stream.turn('r', given), ['balanced', on('c', expected)], `${mtu}`)
  }
})

t.test('a held segment has it too', async t => {
  const bench = new FullnatBench()
  bench.serveFullnat('tcp', VS, { clientAddress: 'toa', servers: ['10.99.2.77:80'] })
  t.equal(bench.receive('c', tcp4(`${CLIENT} > ${VS}`, fromClient)), 'held')
})

t.test('UDP has no such option', async t => {
  const bench = new FullnatBench()
  bench.serveFullnat('udp', VS, { clientAddress: 'toa' })
  const local = bench.localOf(udp4(`${CLIENT} > ${VS}`, fromClient))
  t.strictSame(bench.turn('c', udp4(`${CLIENT} > ${VS}`, { payload: 5, ...fromClient })), [
    'balanced',
    on('r', udp4(`${local} > ${SERVER}`, { payload: 5, ...toServer(), ttl: 63 })),
  ])
})
