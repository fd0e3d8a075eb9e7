import * as fc from '../support/properties.js'
import t from 'tap'
import { Fragmenter } from '../../src/forward/fragmenter.js'
import { Hop } from '../../src/forward/hop.js'
import { slabOver } from '../../src/packet/frame.js'
import { Packet } from '../../src/packet/packet.js'
import { parseIpv4Header } from '../../src/packet/parse.js'
import { TurnMemory } from '../../src/packet/turn-memory.js'
import { Verdict, verdictNames } from '../../src/packet/verdict.js'
import { ip4, partialHeader, placed, tcp4, udp4, unhex, virtioHeader } from '../support/frames.js'
import { behindIp, joined, withHeader } from '../support/pieces.js'

const FLOW = '10.99.1.10:40000 > 10.99.2.11:53'

interface Cut {
  verdict: string
  frames: Uint8Array[]
}

class Bench {
  readonly memory = new TurnMemory(octets => slabOver(new ArrayBuffer(octets)))
  readonly fragmenter = new Fragmenter(this.memory)
  /** What the sink answers, piece by piece; SENT after these. */
  answers: Verdict[] = []

  /** The pieces of the frame, read when all have been made, as a device does. `came`: where the pieces that it came in began, and by how much the first has grown. */
  cut(
    frame: Uint8Array,
    mtu: number,
    came?: { starts: number[]; largest: number; grown?: number; df?: boolean; headerLen?: number },
    header = virtioHeader(),
  ): Cut {
    const { slab, at, len } = placed(frame, header)
    const packet = new Packet().wrap(3, slab, at, len)
    if (parseIpv4Header(packet) !== Verdict.PASS) throw new Error('no IPv4')
    if (came) {
      packet.largestPiece = came.largest
      packet.pieceStarts = new Uint8Array(1024)
      packet.piecesAt = packet.transportAt + (came.grown ?? 0)
      packet.firstPieceLen = came.starts[1] ?? packet.transportLen
      packet.piecesDf = came.df === true
      packet.pieceHeaderLen = came.headerLen ?? packet.ip.headerLen
      for (const start of came.starts) packet.pieceStarts[start >> 6]! |= 1 << ((start >> 3) & 7)
    }
    const sent: [at: number, len: number][] = []
    const answers = [...this.answers]
    const wrong: string[] = []
    const hop = new Hop()
    hop.mtu = mtu
    const verdict = this.fragmenter.split(packet, hop, {
      piece: piece => {
        sent.push([piece.at, piece.len])
        const headerLen = piece.ip.headerLen
        if (piece.link !== 3 || piece.ipLen !== piece.len - 14 || piece.protocol !== packet.protocol)
          wrong.push('fields')
        if (piece.transportAt !== piece.ipAt + headerLen || piece.transportLen !== piece.ipLen - headerLen)
          wrong.push('transport')
        if (piece.vnet.isPartial || piece.vnet.gsoSize !== 0) wrong.push('virtio-net header')
        if (piece.largestPiece !== 0) wrong.push('a piece came in no pieces')
        return answers.shift() ?? Verdict.SENT
      },
    })
    if (wrong.length > 0) throw new Error(wrong.join())
    const { bytes } = this.memory.slab
    return {
      verdict: verdictNames.get(verdict) ?? 'sent',
      frames: sent.map(([from, octets]) => bytes.slice(from, from + octets)),
    }
  }
}
const dfOf = ({ frames }: Cut): boolean[] => frames.map(piece => (piece[20]! & 0x40) !== 0)
const lengths = ({ frames }: Cut): number[] => frames.map(frame => frame.length - 14)

t.test('pieces are as large as the MTU allows, all but the last multiples of 8', async t => {
  const frame = udp4(FLOW, { payload: 4000, df: false, id: 0xbeef, tos: 0x2e, ttl: 7 })
  for (const [mtu, expected] of [
    [1500, [1500, 1500, 1068]],
    [1499, [1492, 1492, 1084]],
    [1496, [1492, 1492, 1084]],
    [576, [572, 572, 572, 572, 572, 572, 572, 164]],
    [4027, [4020, 28]],
  ] as const) {
    const cut = new Bench().cut(frame, mtu)
    t.equal(cut.verdict, 'sent')
    t.strictSame(lengths(cut), expected, `MTU ${mtu}`)
    t.strictSame(joined(cut.frames).frame, frame, 'put together they are what there was')
  }
})

t.test('an MTU of 68 carries 48 octets, or 8 behind the longest header; less carries nothing', async t => {
  const frame = udp4(FLOW, { payload: 100, df: false })
  const small = new Bench().cut(frame, 68)
  t.strictSame(lengths(small), [68, 68, 32])
  t.strictSame(joined(small.frames).frame, frame)
  const long = udp4(FLOW, { payload: 20, df: false, ipOptions: new Uint8Array(40).fill(1) })
  const eight = new Bench().cut(long, 68)
  t.strictSame(lengths(eight), [68, 68, 68, 64])
  t.strictSame(joined(eight.frames).frame, long)
  for (const mtu of [67, 60, 20, 0])
    t.strictSame(new Bench().cut(long, mtu), { verdict: 'drop-too-big', frames: [] }, `MTU ${mtu}`)
})

t.test('what came in pieces that fit leaves in them', async t => {
  const frame = udp4(FLOW, { payload: 2992, df: false })
  for (const [starts, mtu] of [
    [[0, 8, 1400], 1620],
    [[0, 1480, 2960], 1500],
    [[0, 512, 1024, 1536, 2048, 2560], 576],
  ] as const) {
    const ends = [...starts.slice(1), 3000]
    const largest = Math.max(...starts.map((start, i) => ends[i]! - start)) + 20
    const cut = new Bench().cut(frame, mtu, { starts: [...starts], largest })
    const expected = starts.map((start, i) => `${start}–${ends[i]}`)
    t.strictSame(joined(cut.frames), { cuts: expected, frame }, `MTU ${mtu}`)
  }
})

t.test('a datagram that came in pieces and would fit whole leaves in pieces all the same', async t => {
  const frame = udp4(FLOW, { payload: 192, df: false })
  const cut = new Bench().cut(frame, 1500, { starts: [0, 104], largest: 124 })
  t.strictSame(joined(cut.frames), { cuts: ['0–104', '104–200'], frame })
})

t.test('where they do not fit, in pieces of the MTU, none larger than the largest that came', async t => {
  const frame = udp4(FLOW, { payload: 2992, df: false })
  const came = { starts: [0, 1480, 2960], largest: 1500 }
  t.strictSame(lengths(new Bench().cut(frame, 1400, came)), [1396, 1396, 268])
  const uneven = { starts: [0, 104, 504], largest: 420 }
  t.strictSame(lengths(new Bench().cut(udp4(FLOW, { payload: 592, df: false }), 300, uneven)), [300, 300, 60])
})

t.test(
  'through a tunnel the first piece is larger by its headers; where that is no multiple of 8, all are cut anew',
  async t => {
    const frame = ip4('10.99.2.1 > 10.99.2.11', 4, new Uint8Array(1064).fill(7), { df: false })
    t.strictSame(lengths(new Bench().cut(frame, 1500, { starts: [0, 496], largest: 564, grown: 24 })), [540, 564])
    t.strictSame(lengths(new Bench().cut(frame, 1500, { starts: [0, 496], largest: 564, grown: 20 })), [564, 540])
  },
)
t.test('a first piece’s options are in front of every piece: what fitted without them may fit no more', async t => {
  const frame = udp4(FLOW, { payload: 2272, df: false, ipOptions: new Uint8Array(8).fill(1) })
  const cut = new Bench().cut(frame, 1500, { starts: [0, 800], largest: 1500 })
  t.strictSame(lengths(cut), [1500, 836])
  t.strictSame(joined(cut.frames).frame, frame)
})

t.test('where the first piece’s header is longer than another’s, all are cut anew', async t => {
  const frame = udp4(FLOW, { payload: 392, df: false, ipOptions: new Uint8Array(4).fill(1) })
  const came = { starts: [0, 104], largest: 424 }
  t.strictSame(lengths(new Bench().cut(frame, 1500, { ...came, headerLen: 24 })), [128, 320])
  t.strictSame(lengths(new Bench().cut(frame, 1500, { ...came, headerLen: 20 })), [424])
})

t.test('pieces that are cut anew from pieces with DF have it; others do not, whatever their datagram has', async t => {
  const frame = udp4(FLOW, { payload: 400, df: false })
  const anew = { starts: [0], largest: 228 }
  t.strictSame(dfOf(new Bench().cut(frame, 1500, { ...anew, df: true })), [true, true])
  t.strictSame(dfOf(new Bench().cut(frame, 1500, anew)), [false, false])
  t.strictSame(dfOf(new Bench().cut(frame, 1500, { starts: [0, 208], largest: 228, df: true })), [false, false], 'kept')
  t.strictSame(dfOf(new Bench().cut(udp4(FLOW, { payload: 400, df: true }), 300)), [false, false], 'too large')
})

t.test('options that are not to be copied are NOPs behind the first piece', async t => {
  // Record route, one of security (copied), NOP, timestamp, END.
  const padded = unhex('070704 00000000 820300 01 44080500 00000000 00')
  const frame = udp4(FLOW, { payload: 200, df: false, ipOptions: padded })
  const { frames } = new Bench().cut(frame, 120)
  t.equal(frames.length, 3)
  const of = (piece: Uint8Array): string => Buffer.from(piece.slice(34, 34 + padded.length)).toString('hex')
  t.equal(of(frames[0]!), Buffer.from(padded).toString('hex'), 'the first has them all')
  for (const piece of frames.slice(1))
    t.equal(of(piece), '01010101010101820300010101010101010101'.padEnd(padded.length * 2, '0'))
  const same = frames.map((piece, i) => {
    const copy = Uint8Array.from(piece)
    copy.set(padded, 34)
    return withHeader(copy, ((piece[20]! << 8) | piece[21]!) & 0xffff, behindIp(frames[i]!))
  })
  t.strictSame(joined(same).frame, frame)
  t.doesNotThrow(() => joined(frames), 'lengths, offsets and checksums of all are right')
})

t.test('options that are broken are left alone', async t => {
  for (const text of ['07ff0400', '07000000', '07010000', '01010107', '00ff0707']) {
    const frame = udp4(FLOW, { payload: 100, df: false, ipOptions: unhex(text) })
    const { frames } = new Bench().cut(frame, 80)
    for (const piece of frames) t.equal(Buffer.from(piece.slice(34, 38)).toString('hex'), text)
    joined(frames)
  }
})

t.test('a checksum that is left to the device is put in first: nobody else could', async t => {
  for (const make of [tcp4, udp4])
    for (const payload of [333, 1000]) {
      const frame = make(FLOW, { payload, df: false, partial: true })
      const cut = new Bench().cut(frame, 300, undefined, partialHeader(frame))
      t.strictSame(joined(cut.frames).frame, make(FLOW, { payload, df: false }))
    }
})

t.test('the first answer that is not PASS is the verdict, and the others go on', async t => {
  const bench = new Bench()
  bench.answers = [Verdict.SENT, Verdict.HELD, Verdict.DROP_DEVICE_QUEUE]
  const cut = bench.cut(udp4(FLOW, { payload: 400, df: false }), 120)
  t.equal(cut.verdict, 'held')
  t.equal(cut.frames.length, 5)
})

t.test('without room for a piece the datagram is lost by name, what was made lies still', async t => {
  const bench = new Bench()
  const frame = udp4(FLOW, { payload: 3000, df: false })
  const first = bench.cut(frame, 1500)
  while (bench.memory.place(60_000) >= 0);
  while (bench.memory.place(1500) >= 0);
  t.equal(bench.cut(frame, 1500).verdict, 'drop-no-memory')
  t.strictSame(joined(first.frames).frame, frame)
  bench.memory.release()
  t.equal(bench.cut(frame, 1500).verdict, 'sent')
})

t.test('any datagram, any MTU, any pieces: it is put together as it was', async t => {
  const drawn = fc.record({
    payload: fc.integer({ min: 0, max: 3000 }),
    mtu: fc.integer({ min: 68, max: 1600 }),
    blocks: fc.array(fc.integer({ min: 1, max: 370 }), { maxLength: 12 }),
    options: fc.integer({ min: 0, max: 10 }),
  })
  const bench = new Bench()
  fc.assert(
    fc.property(drawn, ({ payload, mtu, blocks, options }) => {
      bench.memory.release()
      const frame = udp4(FLOW, { payload, df: false, ipOptions: new Uint8Array(options * 4).fill(1) })
      const headerLen = 20 + options * 4
      const total = payload + 8
      const starts = [0, ...new Set(blocks.map(b => b * 8))].filter(at => at < total).toSorted((a, b) => a - b)
      const largest = headerLen + Math.max(...starts.map((at, i) => (starts[i + 1] ?? total) - at))
      const cut = bench.cut(frame, mtu, starts.length > 1 ? { starts, largest } : undefined)
      const { cuts, frame: whole } = joined(cut.frames)
      if (Buffer.compare(whole, frame) !== 0) throw new Error('another datagram')
      const most = Math.min(mtu, starts.length > 1 ? largest : mtu)
      if (lengths(cut).some(len => len > most)) throw new Error(`${lengths(cut).join()} octets, ${most} the most`)
      const kept = starts.map((at, i) => `${at}–${starts[i + 1] ?? total}`)
      if (starts.length > 1 && largest <= mtu && cuts.join() !== kept.join())
        throw new Error(`not kept: ${cuts.join()}`)
    }),
    { numRuns: 150 },
  )
  t.pass('for all that was drawn')
})

t.test('a first piece that a tunnel made no multiple of 8 octets is not kept, nor one that is all', async t => {
  const frame = ip4('10.99.2.1 > 10.99.2.11', 4, new Uint8Array(1120).fill(7), { df: false })
  const cut = new Bench().cut(frame, 1500, { starts: [0, 400, 600], largest: 520, grown: 20 })
  t.strictSame(joined(cut.frames).cuts, ['0–496', '496–992', '992–1120'])
})
