import t from 'tap'
import { expectedDelay, sed } from '../../src/sched/sed.js'
import { duel, eligible, type Server } from './duel.js'
import { choose, play, Pool } from './pool.js'

const cost = (server: Server): bigint => BigInt(server.active + 1)

/** The first beside whom nobody has less (active + 1) for its weight. */
function slowly(list: readonly Server[]): string {
  const may = list.filter(eligible)
  const isLeast = (dest: Server) =>
    may.every(other => cost(other) * BigInt(dest.weight) >= cost(dest) * BigInt(other.weight))
  return may.find(isLeast)?.name ?? '-'
}

t.test('it is called sed', async t => {
  t.equal(sed.name, 'sed')
})

t.test('the least (active + 1) ÷ weight is chosen', async t => {
  for (const [list, expected] of [
    ['A=1 0+0, B=3 0+0', 'B'],
    ['A=1 0+0, B=3 1+0', 'B'],
    ['A=1 0+0, B=3 2+0', 'A'],
    ['B=3 2+0, A=1 0+0', 'B'],
    ['A=2 1+0, B=3 1+0', 'B'],
    ['A=2147483646 1+0, B=2147483647 1+0', 'B'],
  ] as const)
    t.equal(choose(sed, list), expected, list)
})

t.test('inactive connections do not count', async t => {
  t.equal(choose(sed, 'A=1 0+500, B=1 1+0'), 'A')
  t.equal(choose(sed, 'A=1 0+500, B=1 0+0'), 'A', 'the first wins the tie')
  const pool = new Pool(sed)
  pool.add('A', 3)
  pool.load('A', 7, 900)
  t.equal(expectedDelay(pool.dest('A')), 8)
})

t.test('weight 0 and the overloaded are never chosen', async t => {
  t.equal(choose(sed, 'A=0 0+0, B=1 9+0'), 'B')
  t.equal(choose(sed, 'B=1 9+0, A=0 0+0'), 'B')
  t.equal(choose(sed, 'A=9 0+1!, B=1 9+0'), 'B')
  t.equal(choose(sed, 'A=0 0+0, B=1 1+0!'), '-')
  t.equal(play(sed, '1'), '-', 'nor anybody where nobody is')
})

t.test('through random stories it chooses as a slow reader', async t => {
  t.strictSame(
    duel(sed, () => ({ pick: slowly })),
    [],
  )
})
