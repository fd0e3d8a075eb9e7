import t from 'tap'
import { FlightRecorder, LEAST_RECORD, type Recorded } from '../../src/director/flight-recorder.js'
import { slabOver } from '../../src/packet/frame.js'
import { Verdict, verdictNames } from '../../src/packet/verdict.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { tcp4, udp4 } from '../support/frames.js'

const ALL = { octets: LEAST_RECORD, sampleEvery: 1 }
const DROPS = { octets: LEAST_RECORD, sampleEvery: 0 }
const inbound = (port: number, flags: string, payload = ''): Uint8Array =>
  tcp4(`10.99.1.10:${port} > ${VIP}:80`, { ...fromClient, flags, payload })
const outbound = (port: number, flags: string): Uint8Array =>
  tcp4(`10.99.2.11:8080 > 10.99.1.10:${port}`, { ...fromServer(), flags })

function all({ slots, at }: { slots: number; at(index: number): Recorded | undefined }): Recorded[] {
  return Array.from({ length: slots }, (_, index) => at(index) ?? [])
    .flat()
    .toSorted((one, other) => one.number - other.number)
}
const recordedOf = (bench: BenchDirector): Recorded[] => {
  const recorder = bench.director.recorder!
  return all({ slots: recorder.slots, at: index => recorder.at(index) })
}
function serving(record = ALL): BenchDirector {
  const bench = new BenchDirector({ record })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8080')
  return bench
}

t.test('a sampled connection: every packet of it, as it came in', async t => {
  const bench = serving()
  const story: [string, Uint8Array][] = [
    ['c', inbound(1, 'S')],
    ['r', outbound(1, 'SA')],
    ['c', inbound(1, 'A')],
    ['c', inbound(1, 'PA', 'GET /')],
    ['r', outbound(1, 'A')],
    ['c', inbound(1, 'FA')],
  ]
  for (const [link, frame] of story) t.equal(bench.turn(link, frame)[0], 'balanced')
  const frames = recordedOf(bench)
  t.equal(frames.length, story.length)
  for (const [i, [link, frame]] of story.entries()) {
    t.strictSame(frames[i]!.octets, frame)
    t.match(frames[i], { link: link === 'c' ? 0 : 1, verdict: Verdict.BALANCED, dport: 8080, len: frame.length })
  }
})

t.test('one of so many', async t => {
  const bench = serving({ octets: LEAST_RECORD, sampleEvery: 3 })
  for (let port = 1; port <= 7; port++) bench.turn('c', inbound(port, 'S'))
  t.strictSame(
    recordedOf(bench).map(({ octets }) => octets[35]),
    [1, 4, 7],
  )
})

t.test('what is sent is the same, with and without it', async t => {
  const [plain, recorded] = [serving(DROPS), serving(ALL)]
  for (const flags of ['S', 'A', 'PA', 'A', 'FA', 'A'])
    for (const port of [1, 2]) {
      t.strictSame(recorded.turn('c', inbound(port, flags)), plain.turn('c', inbound(port, flags)))
      t.strictSame(recorded.turn('r', outbound(port, flags)), plain.turn('r', outbound(port, flags)))
    }
  t.strictSame(recordedOf(plain), [])
})

t.test('drops: the last ones of each reason, however many there are of another', async t => {
  const bench = new BenchDirector({ record: DROPS })
  bench.serve('tcp', `${VIP}:80`)
  const broken = udp4(`10.99.1.10:7 > ${VIP}:53`, fromClient)
  broken[24]! ^= 1
  bench.turn('c', broken)
  for (let port = 1; port <= 100; port++) bench.turn('c', inbound(port, 'S'))
  const frames = recordedOf(bench)
  t.equal(frames[0]!.verdict, Verdict.DROP_IP_CHECKSUM)
  t.strictSame(frames[0]!.octets, broken)
  const ports = frames.slice(1).map(({ octets }) => octets[35])
  t.ok(ports.length >= 5 && ports.length < 20)
  t.strictSame(
    ports,
    Array.from({ length: ports.length }, (_, i) => 101 - ports.length + i),
    'the last ones',
  )
  t.strictSame(frames.at(-1)!.octets, inbound(100, 'S'), 'no ICMP error is over it')
  bench.must({ op: 'reset' })
  t.strictSame(recordedOf(bench), [])
})

t.test('a frame whose next hop does not answer is kept, and noted as the last of its reason', async t => {
  const bench = new BenchDirector({ record: DROPS })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.77:80')
  bench.turn('c', inbound(1, 'S'))
  bench.run(4000)
  t.match(recordedOf(bench), [{ verdict: Verdict.DROP_NEIGHBOUR_FAILED, link: 0 }])
  t.match(bench.ask({ op: 'drops' }), [{ reason: 'drop-neighbour-failed', last: { packet: /> 10\.99\.2\.77:80 S/ } }])
})

t.test('its memory is bounded, and never left', async t => {
  for (const octets of [LEAST_RECORD, 1_000_000]) {
    const recorder = new FlightRecorder({ octets, sampleEvery: 1 })
    t.ok(recorder.slots * 520 <= octets)
    const slab = slabOver(new ArrayBuffer(70_000))
    for (let i = 0; i < 5000; i++)
      for (const verdict of verdictNames.keys()) {
        const len = (i * 31) % 60_000
        recorder.begin(slab, 100, len)
        recorder.dropped(verdict, 0, slab, 100, len, i)
      }
    t.ok(
      all({ slots: recorder.slots, at: index => recorder.at(index) }).every(({ octets: kept }) => kept.length <= 480),
    )
  }
})
