import t from 'tap'
import { lc } from '../../src/sched/lc.js'
import { duel, eligible, overheadOf, type Server } from './duel.js'
import { choose, Pool } from './pool.js'

/** The first of those that may be chosen beside whom nobody has less. */
function slowly(list: readonly Server[]): string {
  const may = list.filter(eligible)
  return may.find(dest => may.every(other => overheadOf(other) >= overheadOf(dest)))?.name ?? '-'
}

t.test('it is called lc', async t => {
  t.equal(lc.name, 'lc')
})

t.test('the least loaded is chosen, an active connection weighing as 256 inactive ones', async t => {
  for (const [list, expected] of [
    ['A=1 0+0', 'A'],
    ['A=1 2+0, B=1 1+0, C=1 3+0', 'B'],
    ['A=1 0+257, B=1 1+0', 'B'],
    ['A=1 1+0, B=1 0+255', 'B'],
    ['A=1 1+1, B=1 0+258', 'A'],
    ['A=1 5+0, B=1 4+300', 'A'],
  ] as const) {
    t.equal(choose(lc, list), expected, list)
  }
})

t.test('the first in the list, which is the newest, wins a tie', async t => {
  for (const [list, expected] of [
    ['A=1 0+0, B=1 0+0, C=1 0+0', 'A'],
    ['A=1 1+0, B=1 0+7, C=1 0+7', 'B'],
    ['A=1 1+0, B=1 0+256', 'A'],
    ['B=1 0+256, A=1 1+0', 'B'],
  ] as const) {
    t.equal(choose(lc, list), expected, list)
  }
})

t.test('weights but 0 do not count, and 0 is never chosen', async t => {
  t.equal(choose(lc, 'A=100 1+0, B=1 0+255'), 'B')
  t.equal(choose(lc, 'A=0 0+0, B=1 9+9'), 'B')
  t.equal(choose(lc, 'A=1 9+9, B=0 0+0'), 'A')
  t.equal(choose(lc, 'A=0 0+0, B=0 0+0'), '-')
  t.equal(new Pool(lc).pick(), '-', 'nor anybody where nobody is')
})

t.test('it follows edits, additions, removals and connections at once', async t => {
  const pool = new Pool(lc)
  pool.add('A', 1)
  pool.add('B', 1)
  t.equal(pool.pick(), 'B')
  pool.load('B', 1, 0)
  t.equal(pool.pick(), 'A')
  pool.edit('A', 0)
  t.equal(pool.pick(), 'B')
  pool.add('C', 1)
  t.equal(pool.pick(), 'C')
  pool.remove('C')
  t.equal(pool.pick(), 'B')
  pool.edit('A', 2)
  t.equal(pool.pick(), 'A')
})

t.test('an overloaded one is never chosen', async t => {
  t.equal(choose(lc, 'A=1 1+0!, B=1 9+9'), 'B')
  t.equal(choose(lc, 'A=1 9+9, B=1 0+1!, C=1 10+0'), 'A')
  t.equal(choose(lc, 'A=1 0+1!, B=1 1+0!'), '-')
})

t.test('through random stories it chooses as a slow reader', async t => {
  t.strictSame(
    duel(lc, () => ({ pick: slowly })),
    [],
  )
})
