import * as fc from '../support/properties.js'
import t from 'tap'
import { slabOver, type Slab } from '../../src/packet/frame.js'
import { LaterFates } from '../../src/packet/later-fates.js'
import { Packet } from '../../src/packet/packet.js'
import { parseIpv4Header } from '../../src/packet/parse.js'
import { Reassembly, REASSEMBLY_OCTETS } from '../../src/packet/reassembly.js'
import { Verdict, verdictNames } from '../../src/packet/verdict.js'
import { ip4, placed, udp4, unhex } from '../support/frames.js'
import { inPieces, pieceOf, withHeader } from '../support/pieces.js'

const START = 1000

/** A place where datagrams are put together, what came of them, and all that it was told. */
class Bench {
  readonly packet = new Packet()
  /** Verdicts of what was lost, and the pieces that timed out, each with its link. */
  readonly lost: string[] = []
  readonly timedOut: [link: number, frame: Uint8Array][] = []
  readonly allocated: number[] = []
  readonly reassembly: Reassembly
  readonly fates = new LaterFates()
  slab: Slab = slabOver(new ArrayBuffer(0))
  now = START

  constructor(seed = 1) {
    const allocate = (octets: number): Slab => {
      this.allocated.push(octets)
      this.slab = slabOver(new ArrayBuffer(octets))
      this.slab.bytes.fill(0xa5)
      return this.slab
    }
    this.reassembly = new Reassembly(
      allocate,
      seed,
      {
        lost: verdict => void this.lost.push(verdictNames.get(verdict)!),
        timedOut: (link, slab, at, len) => void this.timedOut.push([link, slab.bytes.slice(at, at + len)]),
      },
      this.fates,
    )
    this.pass(0)
  }

  /** Its verdict's name; a piece lies in memory of its own that is gone afterwards. */
  receive(frame: Uint8Array, link = 0, isToUs = true): string {
    const { slab, at, len } = placed(frame)
    if (parseIpv4Header(this.packet.wrap(link, slab, at, len)) !== Verdict.PASS) throw new Error('no IPv4')
    const verdict = this.reassembly.receive(this.packet, isToUs)
    slab.bytes.fill(0x5a)
    return verdictNames.get(verdict)!
  }
  all(...frames: Uint8Array[]): string[] {
    return frames.map(frame => this.receive(frame))
  }
  /** The datagram, after 'pass'. */
  whole(): Uint8Array {
    const { slab, at, len } = this.packet
    return slab.bytes.slice(at, at + len)
  }
  pass(ms: number): void {
    this.reassembly.poll((this.now += ms))
  }
}

const CLIENT = '10.99.1.10:40000'
const VIP = '10.99.1.100:53'
/** UDP without DF; `payload` octets behind its header. */
const datagram = (payload: number, id = 1, from = CLIENT, more = {}): Uint8Array =>
  udp4(`${from} > ${VIP}`, { payload, id, df: false, ...more })
const bystander = datagram(500, 7, '10.99.1.20:50000')

/** `octets` octets from `offset` on, of any value. */
const piece = (offset: number, octets: number, more = true, options = {}): Uint8Array =>
  ip4('10.99.1.10 > 10.99.1.100', 17, new Uint8Array(octets).fill(offset / 8), {
    df: false,
    fragment: offset / 8,
    mf: more,
    ...options,
  })

/** Offsets at which a datagram of `len` octets is cut. */
const cuts = (len: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.integer({ min: 1, max: Math.max(1, Math.ceil(len / 8) - 1) }), { maxLength: 12 })
    .map(blocks => [0, ...new Set(blocks.map(block => block * 8))].filter(at => at < len).toSorted((a, b) => a - b))

t.test('pieces in order, reversed and shuffled make the datagram, octet for octet', async t => {
  const frame = datagram(2000)
  const pieces = inPieces(frame, 0, 8, 1000, 1480)
  for (const [order, why] of [
    [[0, 1, 2, 3], 'in order'],
    [[3, 2, 1, 0], 'reversed'],
    [[2, 0, 3, 1], 'shuffled'],
  ] as const) {
    const bench = new Bench()
    t.strictSame(bench.all(...order.map(i => pieces[i]!)), ['held', 'held', 'held', 'pass'], why)
    t.strictSame(bench.whole(), frame, why)
    const { packet } = bench
    t.strictSame(
      [packet.ipLen, packet.transportAt - packet.at, packet.transportLen, packet.protocol, packet.at % 2],
      [2028, 34, 2008, 17, 0],
      `${why}: the packet is as one that came whole`,
    )
    t.equal(packet.slab, bench.slab)
    t.strictSame(packet.slab.bytes.slice(packet.at - 10, packet.at), new Uint8Array(10), 'no checksum left to anyone')
  }
})

t.test('however it is cut, shuffled and repeated', async t => {
  const drawn = fc
    .integer({ min: 1, max: 3000 })
    .chain(len =>
      fc.record({ len: fc.constant(len), starts: cuts(len + 8), order: fc.array(fc.nat(), { maxLength: 20 }) }),
    )
  const bench = new Bench()
  let id = 0
  fc.assert(
    fc.property(drawn, ({ len, starts, order }) => {
      const frame = datagram(len, ++id & 0xffff)
      if (starts.length < 2) return
      const pieces = inPieces(frame, ...starts)
      const sent = [...order.map(n => n % pieces.length), ...pieces.keys()]
      const seen = new Set<number>()
      for (const n of sent) {
        const expected = seen.has(n) ? 'drop-fragment-duplicate' : seen.size === pieces.length - 1 ? 'pass' : 'held'
        if (seen.size === pieces.length) break
        seen.add(n)
        const verdict = bench.receive(pieces[n]!)
        if (verdict !== expected) throw new Error(`piece ${n}: ${verdict}, not ${expected}`)
      }
      if (Buffer.compare(bench.whole(), frame) !== 0) throw new Error('another datagram')
      const { packet } = bench
      const begun = Array.from({ length: 8192 }, (_, i) => (packet.pieceStarts[i >> 3]! >> (i & 7)) & 1)
      const at = begun.flatMap((is, i) => (is === 1 ? [i * 8] : []))
      if (at.join() !== starts.join()) throw new Error(`pieces that began at ${at.join()}, not ${starts.join()}`)
      const largest = Math.max(...pieces.map(one => one.length - 14))
      if (packet.largestPiece !== largest) throw new Error(`the largest ${packet.largestPiece}, not ${largest}`)
      bench.pass(1)
    }),
    { numRuns: 200 },
  )
  t.strictSame(bench.lost, [])
  t.strictSame(bench.allocated, [REASSEMBLY_OCTETS], 'memory taken once')
})

t.test('no memory is taken before the first piece, and no more than that ever', async t => {
  const bench = new Bench()
  t.strictSame(bench.allocated, [])
  for (let id = 0; id < 3000; id++) bench.receive(piece(0, 16, true, { id }))
  t.strictSame(bench.allocated, [REASSEMBLY_OCTETS])
  t.ok(REASSEMBLY_OCTETS < 17 * 2 ** 20, `${REASSEMBLY_OCTETS} octets`)
})

t.test('source, destination, protocol and id tell datagrams apart', async t => {
  for (const [why, other] of [
    ['source', piece(8, 8, false, {}).with(29, 11)],
    ['destination', piece(8, 8, false).with(33, 101)],
    ['protocol', piece(8, 8, false).with(23, 6)],
    ['id', piece(8, 8, false, { id: 0x1235 })],
  ] as const) {
    const bench = new Bench()
    bench.receive(piece(0, 8))
    t.equal(bench.receive(withHeader(other, 1, new Uint8Array(8))), 'held', why)
    t.equal(bench.receive(piece(8, 8, false)), 'pass', `${why}: its own piece makes it whole`)
  }
})

const last = (offset: number, octets: number): Uint8Array => piece(offset, octets, false)

t.test('ends that contradict each other spoil the datagram, and what comes then begins anew', async t => {
  for (const [why, before, spoiling] of [
    ['an end before what is there', [piece(0, 32)], last(8, 8)],
    ['an end in what is there', [piece(8, 24)], last(0, 20)],
    ['a second end behind the first', [last(16, 8)], last(24, 8)],
    ['a second end before the first', [last(16, 8)], last(8, 8)],
    ['a second end, 4 octets less', [last(16, 8)], last(16, 4)],
    ['a second end, 4 octets more', [last(16, 4)], last(16, 8)],
    ['more behind the end', [last(16, 8)], piece(24, 8)],
    ['more than the end in the last 8', [last(16, 4)], piece(16, 8)],
    ['a piece over the end', [last(16, 8)], piece(8, 24)],
    ['half of it there, in front', [piece(0, 16)], piece(8, 16)],
    ['half of it there, behind', [piece(8, 16)], piece(0, 16)],
    ['one there in its middle', [piece(8, 8)], piece(0, 24)],
    ['both ends there, a hole between', [piece(0, 8), piece(16, 8)], piece(0, 24)],
  ] as const) {
    const bench = new Bench()
    for (const frame of before) t.equal(bench.receive(frame), 'held')
    t.equal(bench.receive(spoiling), 'drop-fragment-overlap', why)
    t.strictSame(bench.lost, [], 'the verdict says it')
    t.equal(bench.receive(piece(8, 8, false)), 'held', `${why}: nothing is left of it`)
    t.equal(bench.receive(piece(0, 8)), 'pass')
    t.equal(bench.packet.ipLen, 36)
    bench.pass(30_001)
    t.strictSame(bench.lost, [], 'nor waits for anything')
  }
})

t.test('what has come is not taken again, wherever it stood, and the first that came counts', async t => {
  const bench = new Bench()
  const frame = datagram(40)
  const [a, b, c] = inPieces(frame, 0, 16, 32) as [Uint8Array, Uint8Array, Uint8Array]
  const forged = b.with(40, 0xee)
  t.strictSame(bench.all(b, forged, pieceOf(frame, 16, 24), pieceOf(frame, 24, 32), c, c), [
    'held',
    ...Array.from({ length: 3 }, () => 'drop-fragment-duplicate'),
    'held',
    'drop-fragment-duplicate',
  ])
  t.equal(bench.receive(a), 'pass')
  t.strictSame(bench.whole(), frame)
  t.strictSame([bench.packet.pieceStarts[0], bench.packet.largestPiece], [0b10101, 36], 'geometry without the repeated')
})

t.test('of all but the last, what is more than whole 8 octets is cut off', async t => {
  const bench = new Bench()
  const frame = datagram(24)
  t.equal(bench.receive(pieceOf(frame, 16, 32)), 'held')
  t.equal(bench.receive(withHeader(frame, 0x2000, frame.slice(34, 34 + 23))), 'pass', '23 octets: 16 count')
  t.strictSame(bench.whole(), frame, 'what stood behind was not written over')
  t.equal(bench.packet.largestPiece, 36, 'what was cut off is not counted')
})

t.test('what was cut off is not in the error about it either: nobody reads our memory', async t => {
  const bench = new Bench()
  t.equal(bench.receive(piece(0, 15)), 'held')
  bench.pass(30_000)
  t.strictSame(bench.lost, ['drop-fragment-timeout'])
  t.strictSame(
    bench.timedOut.map(([, frame]) => frame.length),
    [14 + 20 + 8],
  )
})

t.test('what has come in one run of pieces is a duplicate; across two runs it spoils the datagram', async t => {
  const repeated = piece(8, 16)
  for (const [verdict, pieces] of [
    ['drop-fragment-duplicate', [piece(0, 16), piece(16, 16)]],
    ['drop-fragment-overlap', [piece(16, 16), piece(0, 16)]],
    ['drop-fragment-overlap', [piece(0, 16), piece(32, 8), piece(16, 16)]],
  ] as const) {
    const bench = new Bench()
    bench.all(...pieces)
    t.equal(bench.receive(repeated), verdict)
  }
})

t.test('pieces of nothing are malformed, and the datagram that they say they are of is lost', async t => {
  for (const [why, frame] of [
    ['nothing, more to come', piece(8, 0)],
    ['7 octets, more to come', piece(8, 7)],
    ['nothing, the last', piece(8, 0, false)],
  ] as const) {
    const bench = new Bench()
    t.equal(bench.receive(piece(0, 8)), 'held')
    t.equal(bench.receive(frame), 'drop-fragment-malformed', why)
    t.equal(bench.receive(piece(8, 8, false)), 'held', 'the first is gone')
  }
})

t.test('with a piece beyond 65535 a datagram never is whole', async t => {
  for (const [why, frame] of [
    ['one octet too many', piece(65_512, 4, false)],
    ['far too many', piece(65_528, 1480, false)],
    ['more to come', piece(65_528, 1480)],
  ] as const) {
    for (const isFirst of [true, false]) {
      const bench = new Bench()
      if (!isFirst) bench.receive(piece(0, 8))
      t.equal(bench.receive(frame), 'drop-fragment-malformed', why)
      if (isFirst) bench.receive(piece(0, 8))
      t.equal(bench.receive(piece(8, 8, false)), 'drop-fragment-overlap', `${why}: there was to be more`)
    }
  }
})

t.test('65535 octets are a datagram; one whose first piece has more header than fits is none', async t => {
  const bench = new Bench()
  const frame = datagram(65_535 - 28)
  const starts = Array.from({ length: 45 }, (_, i) => i * 1480)
  const verdicts = bench.all(...inPieces(frame, ...starts))
  t.equal(verdicts.at(-1), 'pass')
  t.ok(Buffer.compare(bench.whole(), frame) === 0, 'every octet of 65535')
  const [first, ...rest] = inPieces(frame, ...starts)
  const options = ip4('10.99.1.10 > 10.99.1.100', 17, first!.slice(34), {
    df: false,
    mf: true,
    id: 1,
    ipOptions: unhex('01010101'),
  })
  t.equal(bench.all(...rest, options).at(-1), 'drop-fragment-malformed')
  t.equal(bench.receive(first!), 'held', 'it is gone')
})

t.test('the header is the first piece’s, whenever it came: options, TTL, TOS, MACs', async t => {
  const frame = udp4('10.99.1.10:1 > 10.99.1.100:53', {
    payload: 40,
    df: false,
    ttl: 9,
    tos: 0xb8,
    ipOptions: unhex('8804123401000000'),
    eth: '02:00:00:00:00:aa > 02:00:00:00:00:bb',
  })
  const rest = pieceOf(datagram(40, 0x1234, '10.99.1.10:1'), 24, 48, { ttl: 200, tos: 0xb8 })
  const first = pieceOf(frame, 0, 24)
  for (const order of [
    [first, rest],
    [rest, first],
  ]) {
    const bench = new Bench()
    t.strictSame(bench.all(...order), ['held', 'pass'])
    t.strictSame(bench.whole(), frame)
    t.equal(bench.packet.transportAt - bench.packet.at, 14 + 28)
  }
})

t.test('ECN: one CE makes all CE, none with another is no datagram (RFC 3168 §5.3)', async t => {
  const [NOT, ECT1, ECT0, CE] = [0, 1, 2, 3]
  for (const [first, ...rest] of [
    [NOT, NOT, NOT],
    [ECT0, ECT0, ECT0],
    [ECT1, ECT0, ECT1],
    [CE, CE, CE],
    [ECT0, CE, CE],
    [ECT1, CE, CE],
    [CE, ECT0, CE],
    [NOT, ECT0, -1],
    [NOT, ECT1, -1],
    [NOT, CE, -1],
    [ECT0, NOT, -1],
    [CE, NOT, -1],
  ] as const) {
    const [second, whole] = rest
    for (const isReversed of [false, true]) {
      const bench = new Bench()
      const pieces = [piece(0, 8, true, { tos: 0x40 | first }), piece(8, 8, false, { tos: 0x40 | second })]
      const [, verdict] = bench.all(...(isReversed ? pieces.toReversed() : pieces))
      const what = `${first} and ${second}${isReversed ? ', reversed' : ''}`
      if (whole < 0) t.equal(verdict, 'drop-fragment-malformed', what)
      else {
        t.equal(verdict, 'pass', what)
        t.equal(bench.whole()[15], 0x40 | whole, what)
        t.equal(bench.packet.ip.checksumOk, true)
      }
    }
  }
})

t.test('DF stays where no piece without it is larger than the largest with it', async t => {
  for (const [df1, len1, df2, len2, isWith] of [
    [true, 16, true, 8, true],
    [false, 16, false, 8, false],
    [true, 16, false, 8, true],
    [true, 16, false, 16, true],
    [false, 16, true, 16, true],
    [false, 16, true, 8, false],
    [true, 8, false, 16, false],
  ] as const) {
    const bench = new Bench()
    t.equal(bench.all(piece(0, len1, true, { df: df1 }), piece(len1, len2, false, { df: df2 })).at(-1), 'pass')
    t.equal(bench.packet.ip.dontFragment, isWith, `${df1} ${len1}, ${df2} ${len2}`)
    t.equal(bench.packet.ip.isFragment, false)
  }
})

t.test('of a datagram to us the first piece holds those behind it that fit into its buffer of 1712 octets', async t => {
  for (const [payload, starts, local, ipOptions] of [
    [2992, [0, 1480, 2960], 1480, 0],
    [2992, [0, 800, 1600], 1600, 0],
    [2992, [0, 8, 16, 1688], 1688, 0],
    [2992, [0, 8, 16, 1696], 16, 0],
    [2992, [0, 8, 16, 1688], 16, 8],
    [2992, [0, 8, 16, 1680], 1680, 8],
    [100, [0, 24, 56], 108, 0],
    [1684, [0, 8], 1692, 0],
    [1685, [0, 8], 8, 0],
    [2992, [0, 2000], 2000, 0],
  ] as const)
    for (const isToUs of [true, false]) {
      const bench = new Bench()
      const frame = datagram(payload, 1, CLIENT, { ipOptions: new Uint8Array(ipOptions).fill(1) })
      const verdicts = inPieces(frame, ...starts).map(each => bench.receive(each, 0, isToUs))
      t.equal(verdicts.at(-1), 'pass')
      const { firstPieceLen, piecesAt, transportAt } = bench.packet
      const what = `${payload + 8} octets in ${starts.join()}, ${ipOptions} of options, ${isToUs}`
      t.equal(firstPieceLen, isToUs ? local : starts[1], what)
      t.equal(piecesAt, transportAt)
    }
})

t.test('nothing of a datagram is left to the next one in its place', async t => {
  const bench = new Bench()
  const pair = (more: object): Uint8Array[] => [piece(0, 16, true, more), piece(16, 8, false, more)]
  t.strictSame(bench.all(...pair({ df: true, tos: 1 })), ['held', 'pass'])
  t.equal(bench.packet.ip.dontFragment, true)
  bench.pass(1)
  t.strictSame(bench.all(...pair({ df: false })), ['held', 'pass'])
  t.equal(bench.packet.ip.dontFragment, false)
  bench.pass(1)
  bench.receive(piece(8, 8, false))
  bench.pass(30_000)
  t.strictSame([bench.lost.length, bench.timedOut.length], [1, 0], 'nor its first piece')
})

t.test('30 s after the first to come it is given up; who sent the first piece is told, with that piece', async t => {
  const bench = new Bench()
  const frame = datagram(100)
  bench.receive(pieceOf(frame, 48, 96), 0)
  t.equal(bench.reassembly.idleMs, 30_000)
  bench.pass(29_000)
  const first = pieceOf(frame, 0, 48, { ttl: 9 })
  t.equal(bench.receive(first, 1), 'held')
  t.equal(bench.receive(first, 1), 'drop-fragment-duplicate')
  bench.receive(pieceOf(datagram(100, 2), 48, 108), 1)
  t.strictSame(bench.all(...inPieces(datagram(100, 3), 0, 48)), ['held', 'pass'])
  t.equal(bench.reassembly.idleMs, 1000)
  bench.pass(999)
  t.strictSame(bench.lost, [], 'neither further pieces nor repeated ones give more time, nor take some')
  bench.pass(1)
  t.strictSame(bench.lost, ['drop-fragment-timeout'])
  t.strictSame(bench.timedOut.splice(0), [[0, first]], 'as it came, by the link of the first to come')
  bench.pass(29_000)
  t.strictSame(bench.lost, ['drop-fragment-timeout', 'drop-fragment-timeout'])
  t.strictSame(bench.timedOut, [], 'without its first piece nobody is told')
  t.equal(bench.reassembly.idleMs, Infinity)
})

t.test('a piece that comes too late begins anew', async t => {
  const bench = new Bench()
  bench.receive(piece(0, 8))
  bench.pass(30_000)
  t.strictSame(bench.lost, ['drop-fragment-timeout'])
  t.equal(bench.receive(piece(8, 8, false)), 'held')
  bench.pass(30_000)
  t.strictSame(bench.lost, ['drop-fragment-timeout', 'drop-fragment-timeout'])
  t.equal(bench.timedOut.length, 1)
})

const half = (source: number, id: number, isLast: boolean): Uint8Array =>
  withHeader(piece(0, 8, true, { id }).with(29, source), isLast ? 1 : 0x2000, new Uint8Array(8))

t.test('of one source 64 are awaited: its oldest goes, nobody else’s', async t => {
  const bench = new Bench()
  bench.receive(half(20, 1, false))
  for (let id = 1; id <= 64; id++) t.equal(bench.receive(half(10, id, false)), 'held')
  t.strictSame(bench.lost, [], '64 of one, and another')
  for (let id = 65; id <= 200; id++) bench.receive(half(10, id, false))
  t.equal(bench.lost.length, 136)
  t.strictSame([...new Set(bench.lost)], ['drop-fragment-evicted'])
  t.equal(bench.receive(half(10, 136, true)), 'held', 'the last that was evicted')
  t.equal(bench.receive(half(20, 1, true)), 'pass', 'the bystander’s is there')
  t.equal(bench.receive(half(10, 200, true)), 'pass', 'the newest too')
})

t.test('256 are awaited in all: then the oldest of all goes', async t => {
  const bench = new Bench()
  for (let n = 0; n < 256; n++) t.equal(bench.receive(half(n >> 5, n, false)), 'held')
  t.strictSame(bench.lost, [])
  t.equal(bench.receive(half(100, 999, false)), 'held')
  t.strictSame(bench.lost, ['drop-fragment-evicted'])
  t.equal(bench.receive(half(0, 1, true)), 'pass', 'the second is there')
  t.equal(bench.receive(half(100, 999, true)), 'pass')
  bench.pass(1)
  t.equal(bench.receive(half(0, 0, true)), 'held', 'the oldest went')
})

t.test('256 may be passed on in a turn; their places are free again with the next', async t => {
  const bench = new Bench()
  const frames: Uint8Array[] = []
  for (let n = 0; n < 256; n++) {
    t.equal(bench.receive(half(n & 63, n, true)), 'held')
    t.equal(bench.receive(half(n & 63, n, false)), 'pass')
    frames.push(bench.packet.slab.bytes.subarray(bench.packet.at, bench.packet.at + bench.packet.len))
  }
  t.equal(bench.receive(half(1, 1000, true)), 'drop-no-memory')
  t.strictSame(bench.lost, [])
  t.strictSame(
    frames.map(frame => (frame[18]! << 8) | frame[19]!),
    Array.from({ length: 256 }, (_, n) => n),
    'all lie where they lay',
  )
  bench.pass(1)
  t.equal(bench.receive(half(1, 1000, true)), 'held')
  t.equal(bench.receive(half(1, 1000, false)), 'pass')
})

t.test('while places are spent, who sends much evicts nobody who waits', async t => {
  const bench = new Bench()
  for (let n = 0; n < 64; n++) bench.receive(half(100 + n, 1, false))
  for (let n = 0; n < 192; n++) bench.all(half(10, n, true), half(10, n, false))
  t.equal(bench.receive(half(10, 1000, true)), 'drop-no-memory')
  t.strictSame(bench.lost, [])
  for (let n = 0; n < 64; n++) t.equal(bench.receive(half(100 + n, 1, true)), 'pass')
})

t.test('what times out keeps its place for a turn: the error about it lies there', async t => {
  const bench = new Bench()
  for (let n = 0; n < 256; n++) bench.receive(half(n >> 5, n, false))
  bench.pass(30_000)
  t.equal(bench.lost.length, 256)
  t.equal(bench.receive(half(1, 1, false)), 'drop-no-memory')
  bench.pass(1)
  t.equal(bench.receive(half(1, 1, false)), 'held')
})

/** As Reassembly spreads addresses over 32 bits, before the destination enters. */
function mixed(src: number, seed: number): number {
  const h = Math.imul(src ^ seed, 0xcc9e2d51)
  return Math.imul((h << 15) | (h >>> 17), 0x1b873593)
}

t.test('two that share a hash take turns: the older goes, by name, and never mix', async t => {
  const seed = 0x1234567
  const bench = new Bench(seed)
  const [src1, src2] = [0x0a63010a, 0x0a63010b]
  const dst2 = (0x0a630164 ^ mixed(src1, seed) ^ mixed(src2, seed)) >>> 0
  const other = (flags: number): Uint8Array => {
    const frame = piece(0, 8)
    frame.set([src2 >>> 24, (src2 >>> 16) & 255, (src2 >>> 8) & 255, src2 & 255], 26)
    frame.set([dst2 >>> 24, (dst2 >>> 16) & 255, (dst2 >>> 8) & 255, dst2 & 255], 30)
    return withHeader(frame, flags, new Uint8Array(8))
  }
  t.equal(bench.receive(piece(0, 8)), 'held')
  t.equal(bench.receive(other(1)), 'held', 'not made whole by the first one’s piece')
  t.strictSame(bench.lost, ['drop-fragment-evicted'])
  t.equal(bench.receive(other(0x2000)), 'pass')
  t.equal(bench.receive(piece(8, 8, false)), 'held')
  const elsewhere = new Bench(seed + 1)
  t.strictSame(elsewhere.all(piece(0, 8), other(1)), ['held', 'held'])
  t.strictSame(elsewhere.lost, [], 'under another seed they do not meet')
})

/** `x` of `Math.imul(x, factor) === y`, for an odd factor. */
function unmul(y: number, factor: number): number {
  let inverse = factor
  for (let i = 0; i < 5; i++) inverse = Math.imul(inverse, 2 - Math.imul(factor, inverse))
  return Math.imul(y, inverse)
}

t.test('two protocols that share a hash are told apart', async t => {
  const seed = 0x1234567
  const bench = new Bench(seed)
  const entered = mixed(0x0a63010a, seed)
  const x = entered ^ 0x0a630164
  const other = Math.imul(x ^ (x >>> 16), 0x85ebca6b) ^ 17 ^ 132
  const y = unmul(other, 0x85ebca6b)
  const dst = (y ^ (y >>> 16) ^ entered) >>> 0
  const frame = piece(0, 8).with(23, 132)
  frame.set([dst >>> 24, (dst >>> 16) & 255, (dst >>> 8) & 255, dst & 255], 30)
  t.equal(bench.receive(piece(0, 8)), 'held')
  t.equal(bench.receive(withHeader(frame, 1, new Uint8Array(8))), 'held')
  t.strictSame(bench.lost, ['drop-fragment-evicted'])
})

t.test('cleared, nothing is awaited, told or kept', async t => {
  const bench = new Bench()
  for (let n = 0; n < 256; n++) bench.receive(half(n >> 5, n, false))
  bench.reassembly.clear()
  t.equal(bench.reassembly.idleMs, Infinity)
  for (let n = 0; n < 256; n++) t.equal(bench.receive(half(n >> 5, n, false)), 'held')
  t.strictSame(bench.lost, [])
  t.strictSame(bench.allocated, [REASSEMBLY_OCTETS])
})

/** What comes of pieces of one datagram, by 8 octets each (RFC 791 §3.2; Linux drops what overlaps). */
class Slow {
  /** Which run each is of: pieces in the order of their offsets, each where the last of all ended. */
  blocks = new Map<number, number>()
  runs = 0
  total = -1
  high = 0

  receive(from: number, octets: number, isMore: boolean): string {
    const len = isMore ? octets - (octets % 8) : octets
    const to = from + len
    if (len === 0) {
      this.spoilt()
      return 'drop-fragment-malformed'
    }
    const its = Array.from({ length: Math.ceil(len / 8) }, (_, i) => from / 8 + i)
    const isPast = this.total >= 0 && to > this.total
    const isOtherEnd = !isMore && ((this.total >= 0 && to !== this.total) || to < this.high)
    if (isPast || isOtherEnd) return this.spoilt()
    if (to + 20 > 65_535) {
      this.high = Math.max(this.high, to)
      if (!isMore) this.total = to
      return 'drop-fragment-malformed'
    }
    const known = its.filter(block => this.blocks.has(block)).length
    const isOneRun = new Set(its.map(block => this.blocks.get(block))).size === 1
    if (known === its.length && isOneRun) return 'drop-fragment-duplicate'
    if (known > 0) return this.spoilt()
    const tail = from === this.high ? this.blocks.get(from / 8 - 1) : undefined
    const run = tail ?? ++this.runs
    for (const block of its) this.blocks.set(block, run)
    this.high = Math.max(this.high, to)
    if (!isMore) this.total = to
    if (this.total < 0 || this.blocks.size < Math.ceil(this.total / 8)) return 'held'
    this.spoilt()
    return 'pass'
  }
  spoilt(): string {
    this.blocks.clear()
    this.total = -1
    this.high = 0
    return 'drop-fragment-overlap'
  }
}

t.test('random hostile pieces: each as a slow list says, and no bystander loses his datagram', async t => {
  const one = fc.record({
    id: fc.nat(2),
    from: fc.oneof({ weight: 9, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.constantFrom(8000, 8189, 8191) }),
    octets: fc.oneof(
      fc.nat(5).map(blocks => blocks * 8),
      fc.nat(40),
      fc.constant(1480),
    ),
    isMore: fc.boolean(),
    tos: fc.constantFrom(0, 0, 0, 0, 1, 2, 3),
  })
  const bench = new Bench()
  let turn = 0
  fc.assert(
    fc.property(fc.array(one, { minLength: 5, maxLength: 80 }), hostile => {
      bench.reassembly.clear()
      const slow = [new Slow(), new Slow(), new Slow()]
      const [first, second, third] = inPieces(bystander, 0, 200, 304) as [Uint8Array, Uint8Array, Uint8Array]
      const innocent = [second, third, first]
      for (const [n, { id, from, octets, isMore, tos }] of hostile.entries()) {
        const verdict = bench.receive(piece(from * 8, octets, isMore, { id, tos }))
        const expected = slow[id]!.receive(from * 8, octets, isMore)
        const isOfMixedEcn = expected === 'pass' && verdict === 'drop-fragment-malformed'
        if (verdict !== expected && !isOfMixedEcn) throw new Error(`piece ${n}: ${verdict}, not ${expected}`)
        if (n === 0 || n === 2) bench.receive(innocent[n / 2]!)
      }
      const verdict = bench.receive(first)
      if (verdict !== 'pass' || Buffer.compare(bench.whole(), bystander) !== 0) throw new Error(`bystander: ${verdict}`)
      bench.pass(++turn % 7)
    }),
    { numRuns: 250 },
  )
  t.pass('for all that was drawn')
})

t.test('where there is no memory to be had pieces are dropped by name; it is asked for again', async t => {
  let refuse = true
  const allocate = (octets: number): Slab => {
    if (refuse) throw new Error('ENOMEM')
    return slabOver(new ArrayBuffer(octets))
  }
  const reassembly = new Reassembly(allocate, 1, { lost: () => {}, timedOut: () => {} }, new LaterFates())
  const receive = (): Verdict => {
    const { slab, at, len } = placed(piece(0, 8))
    const packet = new Packet().wrap(0, slab, at, len)
    t.equal(parseIpv4Header(packet), Verdict.PASS)
    return reassembly.receive(packet, true)
  }
  t.equal(receive(), Verdict.DROP_NO_MEMORY)
  refuse = false
  t.equal(receive(), Verdict.HELD)
})
