import t from 'tap'
import { lc } from '../../src/sched/lc.js'
import { leastByWeight } from '../../src/sched/least.js'
import { Pool } from './pool.js'

t.test('the eligible one of the least load for its weight, the first in the list in a tie', async t => {
  const pool = new Pool(lc)
  for (const [name, weight] of Object.entries({ A: 1, B: 2, C: 4, D: 0, E: 8 })) pool.add(name, weight)
  pool.overload('E')
  const asked: string[] = []
  const of = (loads: Record<string, number>) => {
    asked.length = 0
    const load = (name: string) => {
      asked.push(name)
      return loads[name]!
    }
    return pool.nameOf(leastByWeight(pool.service.destinations, dest => load(pool.nameOf(dest))))
  }
  t.equal(of({ A: 0, B: 0, C: 0 }), 'C')
  t.strictSame(asked, ['C', 'B', 'A'], 'who may not be chosen is not asked')
  t.equal(of({ A: 1, B: 2, C: 4 }), 'C')
  t.equal(of({ A: 1, B: 2, C: 5 }), 'B')
  t.equal(of({ A: 1, B: 3, C: 5 }), 'A')
  t.equal(
    leastByWeight([], () => 0),
    undefined,
  )
})
