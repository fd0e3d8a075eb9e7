import t from 'tap'
import type { PieceSink } from '../../src/forward/fragmenter.js'
import { Hop } from '../../src/forward/hop.js'
import { Segmenter } from '../../src/forward/segmenter.js'
import { slabOver } from '../../src/packet/frame.js'
import { Packet } from '../../src/packet/packet.js'
import { parseIpv4Header } from '../../src/packet/parse.js'
import { TurnMemory } from '../../src/packet/turn-memory.js'
import { Verdict, verdictNames } from '../../src/packet/verdict.js'
import { decode, icmp4, partialHeader, placed, tcp4, udp4, unhex, virtioHeader } from '../support/frames.js'
import { finished, inSegments } from '../support/pieces.js'

const TCPV4 = 1
const UDP_L4 = 5
const ECN = 0x80
const FLOW = '10.99.1.10:40000 > 10.99.2.11:80'

class Bench {
  readonly memory = new TurnMemory(octets => slabOver(new ArrayBuffer(octets)))
  readonly segmenter = new Segmenter(this.memory)
  answers: Verdict[] = []

  cut(frame: Uint8Array, header: Uint8Array): { verdict: string; frames: Uint8Array[]; headers: Uint8Array[] } {
    const { slab, at, len } = placed(frame, header)
    const packet = new Packet().wrap(5, slab, at, len)
    if (parseIpv4Header(packet) !== Verdict.PASS) throw new Error('no IPv4')
    const sent: [at: number, len: number][] = []
    const wrong: string[] = []
    const answers = [...this.answers]
    const sink: PieceSink = {
      piece(segment) {
        sent.push([segment.at, segment.len])
        const { ip, ipAt, ipLen, transportAt, transportLen } = segment
        if (segment.link !== 5 || ipLen !== segment.len - 14 || segment.protocol !== packet.protocol)
          wrong.push('fields')
        if (transportAt !== ipAt + ip.headerLen || transportLen !== ipLen - ip.headerLen) wrong.push('transport')
        if (segment.vnet.gsoSize !== 0 || segment.largestPiece !== 0) wrong.push('not for itself')
        return answers.shift() ?? Verdict.SENT
      },
    }
    const verdict = this.segmenter.split(packet, new Hop(), sink)
    if (wrong.length > 0) throw new Error(wrong.join())
    const { bytes } = this.memory.slab
    return {
      verdict: verdictNames.get(verdict) ?? 'sent',
      frames: sent.map(([from, octets]) => bytes.slice(from, from + octets)),
      headers: sent.map(([from]) => bytes.slice(from - 10, from)),
    }
  }
  /** As `cut`, when the device has done what was left to it. */
  finished(frame: Uint8Array, header: Uint8Array): Uint8Array[] {
    const { frames, headers } = this.cut(frame, header)
    return frames.map((each, i) => finished(each, headers[i]!))
  }
}

t.test('TCP: the segments are those that the frame stands for, whole checksums and all', async t => {
  const timestamps = unhex('0101080a 01020304 05060708')
  for (const [payload, gsoSize, more] of [
    [5000, 1448, { flags: 'A', tcpOptions: timestamps }],
    [4344, 1448, { flags: 'PA', tcpOptions: timestamps }],
    [2896, 1448, { flags: 'FPA' }],
    [2897, 1448, { flags: 'CEFPA' }],
    [1449, 1448, { flags: 'CA' }],
    [100, 1448, { flags: 'PFA' }],
    [7, 1, { flags: 'PA' }],
    [3001, 999, { flags: 'A', seq: 0xfffffc00, ack: 0xdeadbeef, window: 7, urgent: 3 }],
    [3000, 1000, { flags: 'UA', id: 0xfffe, ttl: 3, tos: 0xb9, df: false, ipOptions: unhex('01010101') }],
    [60_000, 1460, { flags: 'A' }],
  ] as const) {
    const frame = tcp4(FLOW, { ...more, payload, partial: true })
    const given = new Bench().finished(frame, partialHeader(frame, { gsoType: TCPV4, gsoSize, hdrLen: 54 }))
    t.strictSame(given, inSegments(frame, gsoSize), `${payload} octets in ${gsoSize}, ${JSON.stringify(more)}`)
    t.equal(given.length, Math.ceil(payload / gsoSize))
    for (const segment of given) {
      const fields = decode(segment)
      t.strictSame([fields['tcp.checksumIs'], fields['ip.checksumIs']], ['right', 'right'])
    }
  }
})

t.test('FIN and PSH are the last segment’s, CWR the first’s; the others stay', async t => {
  const frame = tcp4(FLOW, { flags: 'FPAUEC', payload: 2500, partial: true })
  const given = new Bench().finished(frame, partialHeader(frame, { gsoType: TCPV4 | ECN, gsoSize: 1000 }))
  t.strictSame(
    given.map(segment => [decode(segment)['tcp.flags'], decode(segment)['tcp.seq']]),
    [
      ['AUEC', 1000],
      ['AUE', 2000],
      ['FPAUE', 3000],
    ],
  )
})

t.test('UDP: each segment has its own length, and ids count on', async t => {
  for (const [payload, gsoSize] of [
    [5000, 1472],
    [2944, 1472],
    [1, 1472],
    [9, 3],
    [30_001, 500],
  ] as const) {
    const frame = udp4(FLOW, { payload, id: 0xffff, df: true, partial: true })
    const given = new Bench().finished(frame, partialHeader(frame, { gsoType: UDP_L4, gsoSize }))
    t.strictSame(given, inSegments(frame, gsoSize), `${payload} octets in ${gsoSize}`)
    t.strictSame(
      given.slice(0, 2).map(segment => decode(segment)['ip.id']),
      ['ffff', '0000'].slice(0, given.length),
    )
  }
})

t.test(
  'each segment’s checksum is left to the device, of its own pseudo header, and nothing else is asked of it',
  async t => {
    const frame = tcp4(FLOW, { flags: 'A', payload: 2000, partial: true, ipOptions: unhex('01010101') })
    const { frames, headers } = new Bench().cut(
      frame,
      partialHeader(frame, { gsoType: TCPV4, gsoSize: 1500, hdrLen: 2058 }),
    )
    for (const [i, segment] of frames.entries()) {
      t.strictSame(headers[i], partialHeader(segment), 'the virtio-net header')
      t.equal(decode(segment)['tcp.checksumIs'], 'partial')
    }
  },
)

t.test('a frame that is not what its header says is not cut', async t => {
  const tcp = tcp4(FLOW, { flags: 'A', payload: 3000, partial: true })
  const gso = { gsoType: TCPV4, gsoSize: 1000 }
  const nothing = tcp4(FLOW, { flags: 'A', partial: true })
  const long = tcp.with(46, 0xf0)
  const short = tcp.with(46, 0x40)
  const tooLong = nothing.with(46, 0xf0)
  for (const [why, frame, header] of [
    ['no checksum left', tcp4(FLOW, { flags: 'A', payload: 3000 }), virtioHeader(gso)],
    ['no payload', nothing, partialHeader(nothing, gso)],
    ['a data offset of 16', short, partialHeader(short, gso)],
    ['a data offset beyond the packet', tooLong, partialHeader(tooLong, gso)],
    ['UDP of 8 octets', udp4(FLOW, { partial: true }), partialHeader(udp4(FLOW), { gsoType: UDP_L4, gsoSize: 9 })],
  ] as const)
    t.strictSame(new Bench().cut(frame, header), { verdict: 'drop-too-big', frames: [], headers: [] }, why)
  t.equal(new Bench().cut(long, partialHeader(long, gso)).frames.length, 3, 'a data offset of 60 is one')
})

t.test('a GSO type of another protocol, or one that is not known, is not cut', async t => {
  const [tcp, udp] = [tcp4, udp4].map(make => make(FLOW, { payload: 3000, partial: true })) as [Uint8Array, Uint8Array]
  const icmp = icmp4('10.99.1.10 > 10.99.2.11', { type: 8, payload: 3000 })
  for (const [frame, gsoType] of [
    [tcp, UDP_L4],
    [tcp, 3],
    [tcp, 4],
    [tcp, 0x7f],
    [udp, TCPV4],
    [udp, 3],
    [icmp, TCPV4],
    [icmp, UDP_L4],
  ] as const) {
    const { verdict, frames } = new Bench().cut(frame, partialHeader(frame, { gsoType, gsoSize: 1000 }))
    t.strictSame([verdict, frames.length], ['drop-too-big', 0], `protocol ${frame[23]}, type ${gsoType}`)
  }
})

t.test('a checksum that starts elsewhere than at the transport header is another packet’s: not cut', async t => {
  const frame = udp4(FLOW, { payload: 3000, partial: true })
  for (const csumStart of [0, 14, 42, 70]) {
    const header = virtioHeader({ needsCsum: true, csumStart, csumOffset: 6, gsoType: UDP_L4, gsoSize: 1000 })
    t.equal(new Bench().cut(frame, header).verdict, 'drop-too-big', `at ${csumStart}`)
  }
})

t.test('the first answer that is not PASS is the verdict, and the others go on', async t => {
  const bench = new Bench()
  bench.answers = [Verdict.SENT, Verdict.DROP_DEVICE_QUEUE, Verdict.HELD]
  const frame = tcp4(FLOW, { flags: 'A', payload: 4000, partial: true })
  const { verdict, frames } = bench.cut(frame, partialHeader(frame, { gsoType: TCPV4, gsoSize: 1000 }))
  t.strictSame([verdict, frames.length], ['drop-device-queue', 4])
})

t.test('segments of an octet each take no more memory than there is', async t => {
  const bench = new Bench()
  const frame = tcp4(FLOW, { flags: 'A', payload: 60_000, partial: true })
  const header = partialHeader(frame, { gsoType: TCPV4, gsoSize: 1 })
  t.equal(bench.cut(frame, header).frames.length, 60_000)
  const { verdict, frames } = bench.cut(frame, header)
  t.equal(verdict, 'drop-no-memory')
  t.ok(frames.length < 10_000)
  let asked = 0
  bench.memory.place = () => (asked++, -1)
  t.equal(bench.cut(frame, header).verdict, 'drop-no-memory')
  t.equal(asked, 1, 'nor is it asked for again and again')
  Reflect.deleteProperty(bench.memory, 'place')
  bench.memory.release()
  t.equal(bench.cut(frame, header).verdict, 'sent')
})
