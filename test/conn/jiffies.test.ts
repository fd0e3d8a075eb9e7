import t from 'tap'
import { after, between, HZ, jiffiesAt, JIFFY_MS, type Jiffies } from '../../src/conn/jiffies.js'

t.test('a second has 100 jiffies, and a jiffy begins at its millisecond', async t => {
  t.equal(HZ * JIFFY_MS, 1000)
  const cases: [number, number][] = [
    [0, 0],
    [9.999, 0],
    [10, 1],
    [1000, 100],
    [1009, 100],
    [-1, -1],
  ]
  for (const [ms, jiffies] of cases) t.equal(jiffiesAt(ms), jiffies, `${ms} ms`)
})

t.test('jiffies wrap in 32 bits, after 248 days and every 497', async t => {
  const turn = 2 ** 32 * 10
  t.equal(jiffiesAt(2 ** 31 * 10 - 1), 2 ** 31 - 1, 'the last before')
  t.equal(jiffiesAt(2 ** 31 * 10), -(2 ** 31), 'the first after')
  t.equal(jiffiesAt(turn - 10), -1)
  t.equal(jiffiesAt(turn), 0)
  t.equal(jiffiesAt(turn * 3 + 50), 5)
})

t.test('spans are counted across the clock’s end', async t => {
  const last = (2 ** 31 - 1) as Jiffies
  t.equal(after(last, 1), -(2 ** 31))
  t.equal(between(last, after(last, 5)), 5)
  t.equal(between(after(last, 5), last), -5)
})
