import t from 'tap'
import { allFramesCounted } from '../../native-free/all-frames-counted.js'
import { frameFigures, verdictsByName } from '../../src/control/operations/director-figures.js'
import { mergeFigures } from '../../src/control/operations/merge.js'
import type { DirectorFigures } from '../../src/control/protocol/api.js'
import { conservation, conservationLine, type Conservation } from '../../src/control/protocol/conservation.js'
import { slabOver } from '../../src/packet/frame.js'
import { BenchDirector, fromClient, fromServer, MAC_R, serverMac, VIP } from '../support/bench-director.js'
import { arp, tcp4, udp4 } from '../support/frames.js'
import { inPieces } from '../support/pieces.js'

const figuresOf = (bench: BenchDirector): DirectorFigures => bench.ask({ op: 'figures' }) as DirectorFigures
const sums = (bench: BenchDirector): Conservation => conservation(figuresOf(bench))
const syn = (port: number): Uint8Array => tcp4(`10.99.1.10:${port} > ${VIP}:80`, { ...fromClient, flags: 'S' })

/** A service whose real server's MAC is not known. */
function far(): BenchDirector {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.77:80')
  return bench
}
function answer(bench: BenchDirector): void {
  const from = { senderMac: serverMac(77), senderAddr: '10.99.2.77', targetAddr: '10.99.2.1' }
  bench.turn('r', arp({ operation: 'reply', ...from, eth: `${serverMac(77)} > ${MAC_R}` }))
}

t.test('frames that wait for a MAC: held, then sent', async t => {
  const bench = far()
  for (const port of [1, 2]) bench.turn('c', syn(port))
  t.match(sums(bench), { received: 2, held: 2, sent: 0, missing: 0 })
  answer(bench)
  t.match(sums(bench), { received: 3, held: 0, sent: 2, consumed: 1, missing: 0 })
})

t.test('the device takes none of them then: they are counted as drops', async t => {
  const bench = far()
  for (const port of [1, 2]) bench.turn('c', syn(port))
  bench.accepts = false
  answer(bench)
  t.match(sums(bench), { received: 3, held: 0, dropped: { 'drop-device-queue': 2 }, missing: 0 })
})

t.test('nobody answers: given up', async t => {
  const bench = far()
  bench.turn('c', syn(1))
  bench.run(4000)
  t.match(sums(bench), { received: 1, held: 0, dropped: { 'drop-neighbour-failed': 1 }, missing: 0 })
})

t.test('a frame of several segments that wait is one frame; given up, each is counted, and one frame', async t => {
  for (const isAnswered of [true, false]) {
    const bench = new BenchDirector({ routes: ['default=10.99.1.254', '10.99.2.77/32=@r,mtu=600'] })
    bench.serve('tcp', `${VIP}:80`, '10.99.2.77:80')
    bench.turn('c', syn(1))
    answer(bench)
    bench.run(120_000) // forgotten, and the connection lives
    const large = tcp4(`10.99.1.10:1 > ${VIP}:80`, {
      ...fromClient,
      flags: 'S',
      payload: new Uint8Array(1000),
      df: false,
    })
    bench.turn('c', large)
    const { held, received } = sums(bench)
    t.equal(held, 1)
    if (isAnswered) answer(bench)
    else bench.run(4000)
    const after = sums(bench)
    t.equal(after.received, received + Number(isAnswered))
    t.match(after, { held: 0, missing: 0 })
    t.equal(after.dropped['drop-neighbour-failed'], isAnswered ? undefined : 1)
    if (!isAnswered) t.equal(figuresOf(bench).verdicts['drop-neighbour-failed'], 2, 'two pieces')
  }
})

t.test('pieces of a datagram: held, joined, given up', async t => {
  const bench = new BenchDirector()
  bench.serve('udp', `${VIP}:53`, '10.99.2.11:53')
  const datagram = udp4(`10.99.1.10:7 > ${VIP}:53`, { ...fromClient, payload: new Uint8Array(64) })
  const [one, two, three] = inPieces(datagram, 0, 24, 48) as [Uint8Array, Uint8Array, Uint8Array]
  bench.turn('c', one)
  bench.turn('c', two)
  t.match(sums(bench), { received: 2, held: 2, missing: 0 })
  bench.turn('c', three)
  t.match(sums(bench), { received: 3, held: 0, consumed: 2, sent: 1, missing: 0 })
  bench.turn('c', one)
  bench.turn('c', two)
  bench.run(31_000)
  t.match(sums(bench), { received: 5, held: 0, dropped: { 'drop-fragment-timeout': 2 }, missing: 0 })
  t.equal(figuresOf(bench).verdicts['drop-fragment-timeout'], 1, 'one datagram')
})

t.test('a reset begins anew, also for what waits', async t => {
  const bench = far()
  bench.turn('c', syn(1))
  bench.must({ op: 'reset' })
  t.match(sums(bench), { received: 0, held: 0, missing: 0 })
  answer(bench)
  t.match(sums(bench), { received: 1, sent: 0, consumed: 1, missing: 0 })
})

t.test('an advert that cannot be sent is no frame that came in', async t => {
  const bench = new BenchDirector()
  bench.director.lost(85)
  t.match(sums(bench), { received: 0, dropped: {}, missing: 0 })
})

t.test('of several workers', async t => {
  const [one, two] = [far(), far()]
  one.turn('c', syn(1))
  for (const port of [2, 3]) two.turn('c', syn(port))
  answer(two)
  t.match(conservation(mergeFigures([figuresOf(one), figuresOf(two)])), { received: 4, held: 1, sent: 2, missing: 0 })
})

t.test('a verdict that is not counted is seen, and said', async t => {
  const bench = new BenchDirector()
  bench.turn('r', tcp4(`10.99.2.11:80 > 192.0.2.1:7`, { ...fromServer(), ttl: 1 }))
  const { director } = bench
  allFramesCounted(director)
  director.verdictCounters.count = () => {}
  director.receive(director.links[0]!, slabOver(new ArrayBuffer(0)), 0, 0)
  t.throws(() => allFramesCounted(director), /^received 2 = .*; 1 unaccounted for/)
  const line = conservationLine(conservation({ verdicts: verdictsByName(director), frames: frameFigures(director) }))
  t.match(line, /received 2 = .* \+ 0 held; 1 unaccounted for: a mistake of uvs, please report it$/)
})
