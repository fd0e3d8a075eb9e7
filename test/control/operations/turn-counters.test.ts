import t from 'tap'
import { PowerHistogram, TurnCounters } from '../../../src/control/operations/turn-counters.js'

t.test('a value is counted in the first bucket that it is not above', async t => {
  const upTo = [4, 8, 16, 32]
  for (const value of [0, 0.1, 3, 4, 4.001, 8, 8.5, 16, 17, 32, 32.1, 1e6, 1e12]) {
    const histogram = new PowerHistogram(4, 5)
    histogram.add(value)
    const slow = upTo.findIndex(bound => value <= bound)
    const expected = [0, 0, 0, 0, 0].with(slow < 0 ? 4 : slow, 1)
    t.strictSame(histogram.read(), { upTo, counts: expected, sum: value }, `${value}`)
  }
})

t.test('turns: their time in seconds, their frames where they had any', async t => {
  const turns = new TurnCounters()
  turns.add(0, 0.5)
  turns.add(256, 0.004)
  turns.add(1, 2000)
  const { seconds, frames } = turns.read()
  t.equal(frames.sum, 257)
  t.strictSame([frames.upTo[0], frames.upTo[8], frames.upTo.at(-1)], [1, 256, 1024])
  t.strictSame([frames.counts[0], frames.counts[8]], [1, 1])
  t.strictSame([seconds.counts[0], seconds.counts[7], seconds.counts.at(-1)], [1, 1, 1])
  t.equal(seconds.upTo.length, seconds.counts.length - 1)
  t.ok(Math.abs(seconds.upTo.at(-1)! - 1.048576) < 1e-9)
  t.ok(Math.abs(seconds.sum - 2.000504) < 1e-9)
})
