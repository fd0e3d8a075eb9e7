import t from 'tap'
import { secondsUntil, WallClock } from '../../../src/keepalived/seen/wall-clock.js'

t.test('a moment is the same number whenever it is asked for', async t => {
  let wallMs = 1_700_000_000_000
  const clock = new WallClock(() => wallMs)
  t.equal(clock.secondsAt(500, 1000), 1_699_999_999.5)
  wallMs += 10_000.7
  t.equal(clock.secondsAt(500, 11_000), 1_699_999_999.5, 'the clocks drift a little')
  wallMs += 3_600_000
  t.equal(clock.secondsAt(500, 11_000), 1_700_003_599.501, 'somebody set the wall clock')
})

t.test('what is overdue is due now', async t => {
  t.equal(secondsUntil(1234.4, 1000), 0.234)
  t.equal(secondsUntil(900, 1000), 0)
})
