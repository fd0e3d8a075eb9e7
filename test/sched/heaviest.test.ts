import t from 'tap'
import { heaviest } from '../../src/sched/heaviest.js'
import { lc } from '../../src/sched/lc.js'
import { Pool } from './pool.js'

t.test('the candidate of the highest weight, the first in the list in a tie', async t => {
  const pool = new Pool(lc)
  for (const [name, weight] of Object.entries({ A: 5, B: 9, C: 9, D: 0 })) pool.add(name, weight)
  const of = (names: string) =>
    pool.nameOf(heaviest(pool.service.destinations, dest => names.includes(pool.nameOf(dest))))
  t.equal(of('ABCD'), 'C')
  t.equal(of('ABD'), 'B')
  t.equal(of('AD'), 'A')
  t.equal(of('D'), 'D', 'weight 0 too, if it is one')
  t.equal(of(''), '-')
})
