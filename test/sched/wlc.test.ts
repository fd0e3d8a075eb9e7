import t from 'tap'
import { wlc } from '../../src/sched/wlc.js'
import { duel, eligible, overheadOf, type Server } from './duel.js'
import { choose, Pool } from './pool.js'

/** The first of those that may be chosen beside whom nobody has less for its weight. */
function slowly(list: readonly Server[]): string {
  const may = list.filter(eligible)
  const isLeast = (dest: Server) =>
    may.every(other => overheadOf(other) * BigInt(dest.weight) >= overheadOf(dest) * BigInt(other.weight))
  return may.find(isLeast)?.name ?? '-'
}

t.test('it is called wlc', async t => {
  t.equal(wlc.name, 'wlc')
})

t.test('the least loaded for its weight is chosen', async t => {
  for (const [list, expected] of [
    ['A=1 0+0', 'A'],
    ['A=1 1+0, B=3 2+0', 'B'],
    ['A=1 1+0, B=3 4+0', 'A'],
    ['A=1 1+0, B=2 1+0', 'B'],
    ['A=2 0+255, B=1 0+127', 'B'],
    ['A=2 0+253, B=1 0+127', 'A'],
    ['A=1 1+0, B=1 0+255', 'B'],
    ['A=3 1+0, B=2 0+171, C=1 0+85', 'C'],
    ['A=3 1+0, B=2 0+170, C=1 0+86', 'B'],
  ] as const) {
    t.equal(choose(wlc, list), expected, list)
  }
})

t.test('the first in the list, which is the newest, wins a tie', async t => {
  for (const [list, expected] of [
    ['A=1 0+0, B=5 0+0, C=1 0+0', 'A'],
    ['A=1 1+0, B=2 2+0', 'A'],
    ['B=2 2+0, A=1 1+0', 'B'],
    ['A=1 1+0, B=2 1+0, C=4 2+0', 'B'],
    ['A=1 1+0, B=1 0+256', 'A'],
  ] as const) {
    t.equal(choose(wlc, list), expected, list)
  }
})

t.test('weight 0 is never chosen, first or later in the list', async t => {
  t.equal(choose(wlc, 'A=0 0+0, B=1 9+9'), 'B')
  t.equal(choose(wlc, 'A=1 9+9, B=0 0+0'), 'A')
  t.equal(choose(wlc, 'A=1 9+9, B=0 0+0, C=1 1+0'), 'C')
  t.equal(choose(wlc, 'A=0 0+0, B=0 0+0'), '-')
  t.equal(new Pool(wlc).pick(), '-', 'nor anybody where nobody is')
})

t.test('products that a double cannot hold are compared exactly', async t => {
  // 8388609 × 2139095041 = 8388608 × 2139095296 + 1, beyond 2^53: as doubles they are equal.
  t.equal((256 * 32768 + 1) * 2139095041, 256 * 32768 * 2139095296)
  t.equal(choose(wlc, 'A=2139095296 32768+1, B=2139095041 32768+0'), 'B')
  t.equal(choose(wlc, 'B=2139095041 32768+0, A=2139095296 32768+1'), 'B')
})

t.test('it follows edits, additions, removals and connections at once', async t => {
  const pool = new Pool(wlc)
  pool.add('A', 1)
  pool.add('B', 1)
  t.equal(pool.pick(), 'B')
  pool.load('A', 1, 0)
  pool.load('B', 2, 0)
  t.equal(pool.pick(), 'A')
  pool.edit('B', 3)
  t.equal(pool.pick(), 'B')
  pool.edit('B', 0)
  t.equal(pool.pick(), 'A')
  pool.add('C', 1)
  t.equal(pool.pick(), 'C')
  pool.remove('C')
  t.equal(pool.pick(), 'A')
})

t.test('an overloaded one is never chosen', async t => {
  t.equal(choose(wlc, 'A=9 1+0!, B=1 9+9'), 'B')
  t.equal(choose(wlc, 'A=1 9+9, B=9 0+1!, C=1 10+0'), 'A')
  t.equal(choose(wlc, 'A=1 0+1!, B=1 1+0!'), '-')
})

t.test('through random stories it chooses as a slow reader', async t => {
  t.strictSame(
    duel(wlc, () => ({ pick: slowly })),
    [],
  )
})
