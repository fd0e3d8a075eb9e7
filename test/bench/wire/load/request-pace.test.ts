import t from 'tap'
import { RequestPace } from '../../../../bench/wire/load/request-pace.js'

t.test('at every rate the requests of a second are spread over it evenly', async t => {
  for (const rate of [1, 999, 20_000, 33_333, 40_000, 123_457]) {
    const pace = new RequestPace(rate, 500)
    t.equal(pace.timeOf(0), 500, `${rate}: the first`)
    const end = pace.timeOf(rate)
    t.ok(end > 1499.9 && end <= 1500.001, `${rate}: the next second begins at ${end}`)
    let gap = 0
    for (let i = 1; i < rate; i++) gap = Math.max(gap, pace.timeOf(i) - pace.timeOf(i - 1))
    t.ok(gap <= Math.max(0.075, 1000 / rate) + 1e-9, `${rate}: ${gap} ms between two`)
  }
})

t.test('requests that fall into 50 µs go together', async t => {
  const times = [0, 1, 2, 3, 4].map(i => new RequestPace(40_000, 0).timeOf(i))
  t.strictSame(times, [0, 0, 0.05, 0.05, 0.1])
  t.strictSame(new RequestPace(1000, 0).timeOf(3), 3)
})

t.test('no rate is refused', async t => {
  for (const rate of [0, -1, NaN]) t.throws(() => new RequestPace(rate, 0), RangeError)
})
