import t from 'tap'
import { fromClient, fromServer, on, toClient, toServer, VIP } from '../support/bench-director.js'
import { concat, icmp4, packetOf, partialHeader, tcp4, unhex, type TcpOptions } from '../support/frames.js'
import { CLIENT, FullnatBench, LIP, SERVER, type FullnatOptions } from '../support/fullnat-bench.js'

const VS = `${VIP}:80`
const LINE = `PROXY TCP4 10.99.1.10 ${VIP} 40000 80\r\n`
const LEN = LINE.length
const TIMESTAMPS = unhex('0101080a0000000100000002')
const GSO_TCPV4 = 1
/** Sequence numbers of the SYNs: the client's wraps within the header. */
const ISN = 0xffff_fff0
const SERVER_ISN = 5000

const seqOf = (offset: number): number => (ISN + offset) >>> 0

/** A director with the connection CLIENT → VS, whose SYN has passed. Numbers in what follows count from ISN. */
class Stream extends FullnatBench {
  readonly local: string

  constructor(options: FullnatOptions = {}, isAnswered = true) {
    super()
    this.serveFullnat('tcp', VS, { clientAddress: 'proxy-v1', ...options })
    const syn = tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'S', seq: ISN, payload: 0 })
    this.local = this.localOf(syn)
    if (isAnswered) this.server(1, { flags: 'SA', seq: SERVER_ISN })
  }

  /** From the client: 'FLAGS seq payload', and what else. */
  client(offset: number, options: TcpOptions = {}, header?: Uint8Array): string[] {
    return this.turn('c', tcp4(`${CLIENT} > ${VS}`, { ...this.#client(offset, options), ...fromClient }), header).slice(
      1,
    )
  }
  /** As the real server is to have it. */
  sent(offset: number, options: TcpOptions = {}, header?: Uint8Array): string {
    return on(
      'r',
      tcp4(`${this.local} > ${SERVER}`, { ...this.#client(offset, options), ...toServer(), ttl: 63 }),
      header,
    )
  }
  header(options: TcpOptions = {}): string {
    return this.sent(1, { ...options, flags: 'PA', payload: LINE, partial: false })
  }
  server(ack: number, options: TcpOptions = {}): string[] {
    return this.turn('r', tcp4(`${SERVER} > ${this.local}`, { ...server(ack, options), ...fromServer() })).slice(1)
  }
  received(ack: number, options: TcpOptions = {}): string {
    return on('c', tcp4(`${VS} > ${CLIENT}`, { ...server(ack, options), ...toClient, ttl: 63 }))
  }
  /** As far as the header acknowledged. */
  begun(): this {
    this.server(1, { flags: 'SA', seq: SERVER_ISN })
    this.client(1)
    this.server(1 + LEN)
    return this
  }

  #client(offset: number, options: TcpOptions): TcpOptions {
    return { flags: 'A', seq: seqOf(offset), ack: SERVER_ISN + 1, ...options }
  }
}

function server(ack: number, options: TcpOptions): TcpOptions {
  return { flags: 'A', seq: SERVER_ISN + 1, ack: seqOf(ack), ...options }
}
/** SACK, two NOPs before it, of edges counted from ISN. */
function sack(...edges: number[]): Uint8Array {
  const octets = Buffer.alloc(4 + 4 * edges.length)
  octets.set([1, 1, 5, 2 + 4 * edges.length])
  edges.forEach((edge, i) => octets.writeUInt32BE(seqOf(edge), 4 + 4 * i))
  return octets
}

const blocks = (a: number, b: number, c: number, d: number): TcpOptions => ({
  tcpOptions: sack(a, b, c, d),
  payload: 3,
})
const odd = (...edges: number[]): TcpOptions => ({
  tcpOptions: concat(Uint8Array.of(1), sack(...edges).slice(2), Uint8Array.of(0)),
})
/** What an ICMP error embeds of a segment. */
const about = (flow: string, offset: number): Uint8Array =>
  packetOf(tcp4(flow, { seq: seqOf(offset), ttl: 62, checksum: 0x4242, payload: 9 })).slice(0, 28)

t.test('the handshake: the header goes in the place of its last segment', async t => {
  const stream = new Stream()
  const options = { tcpOptions: unhex('020405b40103030701010101') }
  t.strictSame(
    stream.client(0, { ...options, flags: 'S', ack: 0 }),
    [stream.sent(0, { ...options, flags: 'S', ack: 0 })],
    'a SYN that comes again',
  )
  const synAck = { ...options, flags: 'SA', seq: SERVER_ISN, window: 60_000 }
  t.strictSame(
    stream.server(1, synAck),
    [stream.received(1, { ...synAck, window: 60_000 - LEN })],
    'its window is less',
  )
  t.strictSame(stream.client(1, { tcpOptions: TIMESTAMPS }), [stream.header({ tcpOptions: TIMESTAMPS })])
  t.strictSame(stream.server(1 + LEN), [stream.received(1)], 'of the header’s acknowledgement the client hears nothing')
  t.strictSame(stream.client(1, { payload: 9, flags: 'PA' }), [stream.sent(1 + LEN, { payload: 9, flags: 'PA' })])
  t.strictSame(stream.server(10 + LEN, { payload: 5 }), [stream.received(10, { payload: 5 })])
  t.strictSame(stream.client(10, { flags: 'FA' }), [stream.sent(10 + LEN, { flags: 'FA' })])
  t.strictSame(stream.server(11 + LEN, { flags: 'FA' }), [stream.received(11, { flags: 'FA' })])
})

t.test('version 2', async t => {
  const stream = new Stream({ clientAddress: 'proxy-v2' })
  stream.server(1, { flags: 'SA', seq: SERVER_ISN })
  const payload = unhex('0d0a0d0a000d0a515549540a2111000c0a63010a0a6301649c400050')
  t.strictSame(stream.client(1), [stream.sent(1, { flags: 'PA', payload })])
  stream.server(29)
  t.strictSame(stream.client(1, { payload: 3 }), [stream.sent(29, { payload: 3 })])
})

t.test('data with the first acknowledgement: the header goes before it', async t => {
  const stream = new Stream()
  t.strictSame(stream.client(1, { payload: 7, flags: 'PA' }), [
    stream.header(),
    stream.sent(1 + LEN, { payload: 7, flags: 'PA' }),
  ])
})

t.test('until it is acknowledged the header goes again before what is sent again', async t => {
  const stream = new Stream()
  const [first, second] = [{ payload: 7 }, { payload: 5 }]
  t.strictSame(stream.client(1), [stream.header()])
  t.strictSame(stream.client(1), [stream.header()], 'the acknowledgement of another SYN+ACK')
  t.strictSame(stream.client(1, first), [stream.sent(1 + LEN, first)], 'new data')
  t.strictSame(stream.client(8, second), [stream.sent(8 + LEN, second)], 'more')
  t.strictSame(stream.client(1, first), [stream.header(), stream.sent(1 + LEN, first)], 'the first again')
  t.strictSame(stream.client(8, second), [stream.sent(8 + LEN, second)], 'the second again: the first will be, too')
  t.strictSame(stream.client(13), [stream.sent(13 + LEN)], 'a bare acknowledgement further on')
  t.strictSame(stream.server(1 + LEN + 3), [stream.received(4)])
  t.strictSame(stream.client(1, first), [stream.sent(1 + LEN, first)], 'and then no more')
})

t.test('acknowledgements of part of it are none to the client', async t => {
  for (const ack of [0, 1, 2, LEN, 1 + LEN, 2 + LEN]) {
    const stream = new Stream()
    stream.client(1)
    t.strictSame(stream.server(ack), [stream.received(ack < 1 ? ack : Math.max(1, ack - LEN))], `${ack}`)
  }
})

t.test('selective acknowledgements are shifted, wherever the option stands', async t => {
  const stream = new Stream()
  stream.client(1)
  t.strictSame(
    stream.server(1, blocks(1 + LEN, 8 + LEN, 20 + LEN, 30 + LEN)),
    [stream.received(1, blocks(1, 8, 20, 30))],
    'the header is missing',
  )
  t.strictSame(
    stream.server(1, blocks(3, LEN, 1 + LEN, 5 + LEN)),
    [stream.received(1, blocks(1, 1, 1, 5))],
    'a part of it',
  )
  t.strictSame(stream.server(9 + LEN, blocks(20 + LEN, 30 + LEN, 40 + LEN, 50 + LEN)), [
    stream.received(9, blocks(20, 30, 40, 50)),
  ])
  t.strictSame(stream.server(9 + LEN, odd(20 + LEN, 30 + LEN)), [stream.received(9, odd(20, 30))], 'at an odd place')
  const frame = tcp4(`${SERVER} > ${stream.local}`, {
    ...server(9 + LEN, { ...odd(20 + LEN, 30 + LEN), partial: true }),
    ...fromServer(),
  })
  const expected = tcp4(`${VS} > ${CLIENT}`, { ...server(9, { ...odd(20, 30), partial: true }), ...toClient, ttl: 63 })
  t.strictSame(
    stream.turn('r', frame, partialHeader(frame)).slice(1),
    [on('c', expected, partialHeader(frame))],
    'partial',
  )
})

t.test('data in a SYN is cut off, so that the client sends it again', async t => {
  for (const payload of [1, 2, 7, 1000])
    for (const partial of [false, true]) {
      const stream = new Stream()
      const options = { flags: 'S', ack: 0, partial, tcpOptions: unhex('220a01020304050607080101') }
      const header = partial ? partialHeader(tcp4(VS.replace(VS, '1.1.1.1:1 > 1.1.1.1:1'))) : undefined
      t.strictSame(
        stream.client(0, { ...options, payload }, header),
        [stream.sent(0, options, header)],
        `${payload} ${partial}`,
      )
      stream.server(1, { flags: 'SA', seq: SERVER_ISN })
      t.strictSame(stream.client(1, { payload }), [stream.header(), stream.sent(1 + LEN, { payload })])
    }
})

t.test('resets, with the number that the server expects', async t => {
  const none = new Stream()
  t.strictSame(none.client(1, { flags: 'R', ack: 0 }), [none.sent(1, { flags: 'R', ack: 0 })], 'before the header')
  const bare = new Stream()
  t.strictSame(bare.client(1, { flags: 'RA' }), [bare.sent(1, { flags: 'RA' })], 'before the header, with ACK')
  const after = new Stream()
  after.client(1)
  t.strictSame(after.client(1, { flags: 'R', ack: 0 }), [after.sent(1 + LEN, { flags: 'R', ack: 0 })], 'behind it')
  const again = new Stream()
  again.client(1)
  t.strictSame(
    again.client(1, { flags: 'RA' }),
    [again.header(), again.sent(1 + LEN, { flags: 'RA' })],
    'behind it, which may be lost',
  )
  const done = new Stream().begun()
  t.strictSame(done.client(9, { flags: 'RA' }), [done.sent(9 + LEN, { flags: 'RA' })])
  t.strictSame(done.server(0, { flags: 'R', ack: 0 }), [
    on('c', tcp4(`${VS} > ${CLIENT}`, { flags: 'R', seq: SERVER_ISN + 1, ack: 0, ...toClient, ttl: 63 })),
  ])
  const refused = new Stream()
  t.strictSame(
    refused.server(1, { flags: 'RA', seq: 0 }),
    [refused.received(1, { flags: 'RA', seq: 0 })],
    'nobody listens',
  )
})

t.test('a keep-alive probe before the first octet stays before it', async t => {
  const stream = new Stream()
  stream.client(1)
  t.strictSame(stream.client(0, { payload: 1 }), [stream.header(), stream.sent(0, { payload: 1 })])
  stream.begun()
  t.strictSame(stream.client(0), [stream.sent(LEN)])
})

t.test('frames that stand for many segments, checksums left undone', async t => {
  const stream = new Stream()
  const options = { payload: 20_000, partial: true, tcpOptions: TIMESTAMPS, flags: 'PA' }
  const gso = partialHeader(tcp4('1.1.1.1:1 > 1.1.1.1:1'), { gsoType: GSO_TCPV4, gsoSize: 1448, hdrLen: 66 })
  t.strictSame(stream.client(1, options, gso), [
    stream.header({ tcpOptions: TIMESTAMPS }),
    stream.sent(1 + LEN, options, gso),
  ])
  stream.server(1 + LEN)
  t.strictSame(stream.client(20_001, options, gso), [stream.sent(20_001 + LEN, options, gso)])
})

t.test('IP options are the header’s too', async t => {
  const stream = new Stream()
  const options = { ipOptions: unhex('01010101'), tos: 0xb8, df: false, id: 7 }
  t.strictSame(stream.client(1, options), [stream.header(options)])
})

t.test('an ICMP error names the client’s octet', async t => {
  const stream = new Stream().begun()
  const error = { type: 3, code: 4, rest: 1400 }
  const given = icmp4(`10.99.2.11 > ${LIP}`, {
    ...error,
    payload: about(`${stream.local} > ${SERVER}`, 9 + LEN),
    ...fromServer(),
  })
  const expected = icmp4(`${VIP} > 10.99.1.10`, {
    ...error,
    payload: about(`${CLIENT} > ${VS}`, 9),
    ttl: 63,
    ...toClient,
  })
  t.strictSame(stream.turn('r', given), ['balanced', on('c', expected)])
})

t.test('a connection begun without SYN has no header, and carries none of the client’s octets', async t => {
  const bench = new FullnatBench()
  bench.serveFullnat('tcp', VS, { clientAddress: 'proxy-v1' })
  bench.must({ op: 'set-sysctl', name: 'sloppy_tcp', value: '1' })
  const local = bench.localOf(tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'A', seq: 9, payload: 3 }))
  t.strictSame(bench.turn('c', tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'A', seq: 12, payload: 3 })), [
    'balanced',
    on('r', tcp4(`${local} > ${SERVER}`, { ...toServer(), flags: 'A', seq: 12, ttl: 63 })),
  ])
  t.strictSame(bench.turn('r', tcp4(`${SERVER} > ${local}`, { ...fromServer(), flags: 'A', ack: 15 })), [
    'balanced',
    on('c', tcp4(`${VS} > ${CLIENT}`, { ...toClient, flags: 'A', ack: 15, ttl: 63 })),
  ])
})

t.test(
  'a SYN that strays into an established connection asks the server whether it is there, and changes nothing',
  async t => {
    for (const offset of [0, 5000]) {
      const stream = new Stream().begun()
      const asks = stream.sent(LEN, { flags: 'A', ack: 0 })
      t.strictSame(stream.client(offset, { flags: 'S', ack: 0, payload: 7 }), [asks])
      t.strictSame(stream.client(1, { payload: 3 }), [stream.sent(1 + LEN, { payload: 3 })])
      stream.server(4 + LEN)
      t.strictSame(stream.client(offset, { flags: 'S', ack: 0 }), [stream.sent(3 + LEN, { flags: 'A', ack: 0 })])
    }
    const early = new Stream()
    early.client(1)
    t.strictSame(
      early.client(0, { flags: 'S', ack: 0 }),
      [early.sent(0, { flags: 'A', ack: 0 })],
      'the header on its way',
    )
  },
)

t.test('before the server has answered the SYN no octet of the client’s passes', async t => {
  const stream = new Stream({}, false)
  t.strictSame(stream.client(1, { payload: 7, flags: 'PA' }), [stream.sent(1, { flags: 'PA' })])
  stream.server(5, { flags: 'SA', seq: SERVER_ISN })
  t.strictSame(stream.client(1, { payload: 7 }), [stream.sent(1)], 'an answer to another SYN')
  stream.server(1, { flags: 'SA', seq: SERVER_ISN })
  t.strictSame(stream.client(1, { payload: 7 }), [stream.header(), stream.sent(1 + LEN, { payload: 7 })])
})

t.test('data that would stand on the header’s place is cut off', async t => {
  const stream = new Stream()
  t.strictSame(
    stream.client(2, { flags: 'P', payload: 3 }),
    [stream.sent(2, { flags: 'P' })],
    'no header can go with it',
  )
  stream.client(1)
  for (const [offset, payload, passes] of [
    [-10, 11, 11],
    [-10, 12, 0],
    [0, 2, 0],
    [-10, 200, 0],
  ] as const)
    t.strictSame(
      stream.client(offset, { payload }).slice(-1),
      [stream.sent(offset, { payload: passes })],
      `${payload} from ${offset}`,
    )
  stream.server(1 + LEN)
  for (const [offset, passes] of [
    [1 - LEN, 0],
    [-LEN, 0],
    [2 - LEN, 60],
    [1, 60],
  ] as const)
    t.strictSame(stream.client(offset, { payload: 60 }), [stream.sent(offset + LEN, { payload: passes })], `${offset}`)
})

t.test('another SYN while the first is half open: from another local port', async t => {
  const stream = new Stream()
  const [other, ...more] = stream.client(900, { flags: 'S', ack: 0 })
  t.strictSame(more, [])
  t.match(other, /^r 10\.99\.2\.201:\d+ > 10\.99\.2\.11:8080 tcp S /)
  t.notMatch(other, new RegExp(stream.local))
})

t.test('no MPTCP', async t => {
  const stream = new Stream({}, false)
  const [asked, left] = [unhex('020405b41e0c0081aabbccddeeff0011'), unhex(`020405b4${'01'.repeat(12)}`)]
  t.strictSame(stream.client(0, { flags: 'S', ack: 0, tcpOptions: asked }), [
    stream.sent(0, { flags: 'S', ack: 0, tcpOptions: left }),
  ])
})

t.test('a SYN that comes again late begins nothing', async t => {
  const stream = new Stream().begun()
  stream.must({ op: 'set-sysctl', name: 'conn_reuse_mode', value: '0' })
  stream.client(1, { flags: 'FA', payload: 3 })
  stream.server(1 + LEN, { flags: 'FA' })
  stream.client(0, { flags: 'S', ack: 0 })
  t.strictSame(stream.client(1, { flags: 'FA', payload: 3 }), [stream.sent(1 + LEN, { flags: 'FA', payload: 3 })])
})

t.test('a connection that is used again begins again (conn_reuse_mode 0)', async t => {
  const stream = new Stream().begun()
  stream.must({ op: 'set-sysctl', name: 'conn_reuse_mode', value: '0' })
  stream.client(1, { flags: 'FA' })
  stream.server(2 + LEN, { flags: 'FA' })
  stream.client(2)
  stream.client(900, { flags: 'S', ack: 0 })
  stream.server(901, { flags: 'SA', seq: SERVER_ISN })
  t.strictSame(stream.client(901), [stream.sent(901, { flags: 'PA', payload: LINE })])
})

t.test('a segment with a header that is too short passes as it is', async t => {
  const stream = new Stream().begun()
  const frame = tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'A', seq: seqOf(1) })
  frame[46] = 0x10
  t.equal(stream.receive('c', frame), 'balanced')
})

t.test('where turns bring too many headers, what is left is dropped by name and comes again', async t => {
  const stream = new Stream()
  const frame = tcp4(`${CLIENT} > ${VS}`, { ...fromClient, flags: 'A', seq: seqOf(1), ack: 1 })
  let dropped = 0
  for (let n = 0; n < 100_000 && dropped === 0; n++) if (stream.receive('c', frame) === 'drop-no-memory') dropped++
  t.equal(dropped, 1)
  stream.take()
  stream.poll(1)
  t.strictSame(stream.client(1), [stream.header()])
})
