import t from 'tap'
import { fo } from '../../src/sched/fo.js'
import { duel, eligible, type Server } from './duel.js'
import { choose, play } from './pool.js'

function slowly(list: readonly Server[]): string {
  const may = list.filter(eligible)
  const greatest = Math.max(...may.map(server => server.weight))
  return may.find(server => server.weight === greatest)?.name ?? '-'
}

t.test('it is called fo', async t => {
  t.equal(fo.name, 'fo')
})

t.test('the highest weight is chosen, the first in the list in a tie, however loaded', async t => {
  for (const [list, expected] of [
    ['A=1 0+0, B=3 900+9, C=2 0+0', 'B'],
    ['A=3 0+0, B=3 0+0', 'A'],
    ['A=3 0+0, B=2147483647 0+0, C=2147483647 0+0', 'B'],
    ['A=0 0+0, B=1 0+0', 'B'],
  ] as const)
    t.equal(choose(fo, list), expected, list)
})

t.test('when it is overloaded or has weight 0, the next takes over', async t => {
  t.equal(play(fo, '+A=3 +B=2 +C=1 2 !A 2 ~B=0 2 !C 1 ?A 2'), 'AABBCC-AA')
  t.equal(play(fo, '1 +A=0 1'), '--')
})

t.test('through random stories it chooses as a slow reader', async t => {
  t.strictSame(
    duel(fo, () => ({ pick: slowly })),
    [],
  )
})
