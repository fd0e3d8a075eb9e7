import t from 'tap'
import { isBusy } from '../../src/sched/busy.js'
import { lc } from '../../src/sched/lc.js'
import { Pool } from './pool.js'

t.test('busy is more active connections than weight, while somebody has less than half of his', async t => {
  for (const [weight, active, otherWeight, otherActive, expected] of [
    [2, 2, 10, 0, false],
    [2, 3, 10, 0, true],
    [2, 3, 10, 4, true],
    [2, 3, 10, 5, false],
    [2, 3, 1, 0, true],
    [2, 3, 0, 0, false],
    [0, 1, 3, 1, true],
    [0, 0, 3, 1, false],
  ] as const) {
    const pool = new Pool(lc)
    pool.add('A', weight)
    pool.load('A', active, 700)
    pool.add('B', otherWeight)
    pool.load('B', otherActive, 700)
    const what = `${active} of ${weight}, the other ${otherActive} of ${otherWeight}`
    t.equal(isBusy(pool.dest('A'), pool.service.destinations), expected, what)
    pool.overload('B')
    t.equal(isBusy(pool.dest('A'), pool.service.destinations), expected, `${what}, overloaded or not`)
  }
})
