import t from 'tap'
import { ovf } from '../../src/sched/ovf.js'
import { duel, eligible, type Server } from './duel.js'
import { choose, play } from './pool.js'

function slowly(list: readonly Server[]): string {
  const may = list.filter(server => eligible(server) && server.active <= server.weight)
  const greatest = Math.max(...may.map(server => server.weight))
  return may.find(server => server.weight === greatest)?.name ?? '-'
}

t.test('it is called ovf', async t => {
  t.equal(ovf.name, 'ovf')
})

t.test('the highest weight is chosen until it has more active connections than weight', async t => {
  for (const [list, expected] of [
    ['A=1 0+0, B=3 2+0', 'B'],
    ['A=1 0+0, B=3 3+0', 'B'],
    ['A=1 0+0, B=3 4+0', 'A'],
    ['A=1 1+0, B=3 4+0', 'A'],
    ['A=1 2+0, B=3 4+0', '-'],
    ['A=3 0+0, B=3 0+0', 'A'],
    ['A=1 0+900, B=0 0+0', 'A'],
    ['A=5 0+1!, B=3 0+0', 'B'],
  ] as const)
    t.equal(choose(ovf, list), expected, list)
  t.equal(play(ovf, '1 +A=0 1'), '--')
})

t.test('through random stories it chooses as a slow reader', async t => {
  t.strictSame(
    duel(ovf, () => ({ pick: slowly })),
    [],
  )
  t.strictSame(
    duel(ovf, () => ({ pick: slowly }), { weights: [0, 1, 2, 3, 100, 299] }),
    [],
  )
})
