import t from 'tap'
import { fromClient, fromServer, on, toClient, toServer, VIP } from '../support/bench-director.js'
import { concat, icmp4, packetOf, partialHeader, tcp4, udp4, unhex, type TcpOptions } from '../support/frames.js'
import { CLIENT, FullnatBench, LIP, SERVER } from '../support/fullnat-bench.js'

const VS = `${VIP}:80`
const TOA = unhex('fe089c400a63010a')
const MSS = unhex('020405b4')
const GSO_TCPV4 = 1

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

t.test('a client cannot claim another address by an option of its own', async t => {
  const fake = unhex('fe081234cb007109')
  for (const before of ['', '01', '020405b4'])
    for (const partial of [false, true]) {
      const stream = new Stream()
      const pad = unhex('01010101'.repeat(9).slice(0, 64 - before.length))
      const options = (toa: Uint8Array): TcpOptions => {
        const tcpOptions = concat(unhex(before), toa, pad.slice(0, 24 - before.length / 2), toa)
        return { flags: 'S', partial, tcpOptions }
      }
      const header = partial ? partialHeader(tcp4('1.1.1.1:1 > 1.1.1.1:1')) : undefined
      t.strictSame(stream.client(options(fake), header), [stream.plain(options(TOA), header)], `behind '${before}'`)
    }
})

t.test('a reset goes without', async t => {
  const stream = new Stream()
  const options = { flags: 'R', seq: 1001 }
  t.strictSame(stream.client(options), [stream.plain(options)])
})

t.test('where options are full the segment goes without, and is counted', async t => {
  const stream = new Stream()
  const options = { flags: 'A', seq: 1001, tcpOptions: concat(...Array.from({ length: 9 }, () => unhex('01010101'))) }
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
    const gso = (size: number, hdrLen: number): Uint8Array =>
      partialHeader(tcp4('1.1.1.1:1 > 1.1.1.1:1'), { gsoType: GSO_TCPV4, gsoSize: size, hdrLen })
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
