import t from 'tap'
import { SumColumn, type Control } from '../../../src/control/protocol/api.js'
import { ServiceIndex } from '../../../src/control/dashboard/live/service-index.js'
import type { SortColumn, View } from '../../../src/control/dashboard/live/view.js'
import { BenchDirector, VIP } from '../../support/bench-director.js'

const view = (sort: SortColumn): View => ({ name: '', first: 0, count: 10, sort, isDescending: false, words: [] })

t.test('the reading of all is of two seconds for figures and after a change, of five for names', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`)
  let reads = 0
  const control: Control = {
    call: request => {
      if (request.op === 'service-sums') reads++
      return bench.control.call(request)
    },
  }
  let now = 1000
  t.intercept(performance, 'now', { value: () => now })
  let changedAt = 0
  const index = new ServiceIndex(control, () => changedAt)
  const at = async (ms: number, sort: SortColumn): Promise<number> => {
    now = 1000 + ms
    await index.choose(view(sort))
    // A later reading is not waited for.
    await new Promise(resolve => setImmediate(resolve))
    return reads
  }
  t.equal(await at(0, 'service'), 1)
  t.equal(await at(4999, 'service'), 1)
  t.equal(await at(5000, 'service'), 2)
  t.equal(await at(6999, SumColumn.CPS), 2)
  t.equal(await at(7000, SumColumn.CPS), 3)
  t.equal(await at(11_999, 'scheduler'), 3)
  bench.serve('tcp', `${VIP}:81`)
  await at(12_000, 'scheduler')
  t.match(await index.choose(view('service')), { total: 2, rows: { length: 2 } })
  changedAt = Date.now() + 1000
  t.equal(await at(13_999, 'service'), 4)
  t.equal(await at(14_000, 'service'), 5)
})
