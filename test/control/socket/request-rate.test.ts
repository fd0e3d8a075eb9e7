import t from 'tap'
import { BURST, BYTES_PER_LINE, RequestRate } from '../../../src/control/socket/request-rate.js'

t.test('so many at once, then steadily, in the order of asking', async t => {
  let clock = 0
  const rate = new RequestRate(() => clock)
  const order: number[] = []
  let at = 0
  while (rate.take(0, () => order.push(0)) && at < 2 * BURST) at++
  t.equal(at, BURST)
  t.notOk(rate.take(0, () => order.push(1)))
  clock += 1
  t.notOk(
    rate.take(0, () => order.push(2)),
    'who comes later does not overtake',
  )
  while (order.length < 3) {
    await new Promise(resolve => setTimeout(resolve, 2))
    clock += 0.2
  }
  t.strictSame(order, [0, 1, 2])
  clock += 1000
  t.ok(rate.take(0, () => {}))
})

t.test('long lines count for more; 60 000 rules in batches of 128 pass within the burst', async t => {
  const rate = new RequestRate(() => 0)
  t.ok(
    rate.take(BYTES_PER_LINE * (BURST - 1), () => {}),
    'one long line is a whole burst',
  )
  t.notOk(rate.take(0, () => {}))
  const other = new RequestRate(() => 0)
  const rules = 60_000
  for (let batch = 0; batch < rules / 128; batch++) if (!other.take(128 * 200, () => {})) t.fail(`batch ${batch} waits`)
})
