import t from 'tap'
import { nq } from '../../src/sched/nq.js'
import { duel, eligible, type Server } from './duel.js'
import { choose, play } from './pool.js'

/** The first idle one, or the first beside whom nobody has less (active + 1) for its weight. */
function slowly(list: readonly Server[]): string {
  const may = list.filter(eligible)
  const idle = may.find(server => server.active === 0)
  if (idle) return idle.name
  let best: Server | undefined
  for (const server of may) {
    const isLess =
      best === undefined ||
      BigInt(best.active + 1) * BigInt(server.weight) > BigInt(server.active + 1) * BigInt(best.weight)
    if (isLess) best = server
  }
  return best?.name ?? '-'
}

t.test('it is called nq', async t => {
  t.equal(nq.name, 'nq')
})

t.test('the first that is idle is chosen, whatever its weight', async t => {
  for (const [list, expected] of [
    ['A=1 0+0, B=100 0+0', 'A'],
    ['B=100 1+0, A=1 0+0', 'A'],
    ['A=1 0+900, B=100 0+0', 'A'],
    ['A=0 0+0, B=100 1+0', 'B'],
    ['A=0 0+0, C=1 1+0, B=1 0+5', 'B'],
    ['A=1 0+1!, C=1 1+0, B=1 0+5', 'B'],
  ] as const)
    t.equal(choose(nq, list), expected, list)
})

t.test('without an idle one it chooses as sed does', async t => {
  for (const [list, expected] of [
    ['A=1 1+0, B=3 4+0', 'B'],
    ['A=1 1+0, B=3 5+0', 'A'],
    ['B=3 5+0, A=1 1+0', 'B'],
    ['A=1 1+0, B=0 0+0', 'A'],
    ['A=9 1+0!, B=1 7+0', 'B'],
  ] as const)
    t.equal(choose(nq, list), expected, list)
  t.equal(choose(nq, 'A=0 0+0, B=1 1+0!'), '-')
  t.equal(play(nq, '1'), '-')
})

t.test('through random stories it chooses as a slow reader', async t => {
  t.strictSame(
    duel(nq, () => ({ pick: slowly })),
    [],
  )
})
