import t from 'tap'
import { LookAhead } from '../../src/director/look-ahead.js'
import { slabOver } from '../../src/packet/frame.js'
import { Verdict } from '../../src/packet/verdict.js'
import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { placed, tcp4 } from '../support/frames.js'

const FRAME = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' })

function bench(isWholePath: boolean): BenchDirector {
  const made = new BenchDirector({ isWholePath })
  made.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  made.changes()
  return made
}

/** Calls that hand a frame over wrongly: [why, at, len] for a slab of `size` octets with the frame at `at`. */
const wrongPlaces = (at: number, len: number, size: number): [why: string, at: number, len: number][] => [
  ['longer than its slab', at, size - at + 1],
  ['behind its slab', size, len],
  ['far behind its slab', 2 ** 40, len],
  ['endless', at, Infinity],
  ['of no length', at, NaN],
  ['of less than none', at, -1],
  ['without all its headroom', at - 1, len],
  ['at the slab’s beginning', 0, len],
  ['before its slab', -at, len],
  ['between two octets', at + 0.5, len],
  ['nowhere', NaN, len],
]

for (const isWholePath of [false, true])
  t.test(`verdict drop-frame-misplaced, ${isWholePath ? 'the whole path' : 'the fast path first'}`, async t => {
    const made = bench(isWholePath)
    const { director } = made
    const link = director.links[0]!
    const { slab, at, len } = placed(FRAME)
    const before = slab.bytes.slice()
    const dropped = (why: string, ...call: Parameters<typeof director.receive>): void => {
      t.equal(director.receive(...call), Verdict.DROP_FRAME_MISPLACED, why)
      t.strictSame(made.changes(), { 'drop-frame-misplaced': 1 }, `${why}: its counter and no other`)
    }
    for (const [why, from, octets] of wrongPlaces(at, len, slab.bytes.length)) dropped(why, link, slab, from, octets)
    dropped('by a link that is not there', { ...link, index: 7 }, slab, at, len)
    dropped('by another director’s link', { ...link }, slab, at, len)
    dropped('in a slab of nothing', link, slabOver(new ArrayBuffer(0)), at, len)
    t.strictSame(slab.bytes, before, 'nothing was written')
    t.strictSame(made.out(), [])
    t.equal(director.receive(link, slab, at, slab.bytes.length - at), Verdict.BALANCED, 'to the last octet of its slab')
  })

t.test('a misplaced frame that is looked ahead at is dropped, and the others of its turn are not', async t => {
  const made = bench(false)
  const sink = new LookAhead(made.director, made.director.links[0]!, 0)
  const { slab, at, len } = placed(FRAME)
  const wrong = wrongPlaces(at, len, slab.bytes.length).filter(([, from]) => Number.isInteger(from))
  for (const [, from, octets] of wrong) sink.frame(slab, from, octets)
  sink.frame(slab, at, len)
  sink.done()
  const { 'drop-frame-misplaced': misplaced, balanced } = made.changes()
  t.ok(misplaced! >= 7, `${misplaced} dropped`)
  t.equal(balanced, 1)
})
