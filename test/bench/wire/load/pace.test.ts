import t from 'tap'
import { Pace } from '../../../../bench/wire/load/pace.js'

const BATCH = 32

/** The frames of so many milliseconds at `perSecond`, looked at every `everyMs`, with one gap. */
function sent(perSecond: number, everyMs: number, ms: number, gap?: { at: number; ms: number }): number[] {
  const pace = new Pace(perSecond, BATCH, 1000)
  const frames: number[] = []
  for (let at = everyMs; at <= ms + 1e-9; at += everyMs) {
    if (gap && at > gap.at && at <= gap.at + gap.ms) continue
    frames.push(pace.due(1000 + at))
  }
  return frames
}
const sum = (frames: readonly number[]): number => frames.reduce((all, one) => all + one, 0)

t.test('a rate is kept, however often the clock is looked at', async t => {
  for (const [rate, everyMs] of [
    [1000, 1],
    [100_000, 0.01],
    [500_000, 0.05],
    [500_000, 0.3],
    [700_000, 0.4],
  ] as const) {
    const total = sum(sent(rate, everyMs, 1000))
    t.ok(Math.abs(total - rate) <= Math.max(BATCH, rate * everyMs * 0.001), `${rate} by ${everyMs} ms: ${total}`)
  }
})

t.test('frames go in whole batches', async t => {
  for (const due of sent(123_456, 0.1, 100)) t.equal(due % BATCH, 0)
})

t.test('after a gap the rest follows a quarter faster, not in a burst', async t => {
  const frames = sent(400_000, 0.1, 200, { at: 50, ms: 10 })
  t.ok(Math.abs(sum(frames) - 80_000) <= BATCH, `all of it: ${sum(frames)}`)
  t.ok(Math.max(...frames) <= 400 * 1.25 * 0.5 + BATCH, `at once ${Math.max(...frames)}`)
  const after = sum(frames.slice(500, 600)) // the 10 ms behind the gap
  t.ok(after > 4000 * 1.15 && after < 4000 * 1.25 + 400, `in the 10 ms after it ${after}`)
})

t.test('what is owed from longer ago than 50 ms is forgiven', async t => {
  const total = sum(sent(400_000, 0.1, 1000, { at: 50, ms: 150 }))
  t.ok(Math.abs(total - 360_000) <= 400, `${total}`)
})

t.test('waitMs is when the next batch is due', async t => {
  const pace = new Pace(320_000, BATCH, 0)
  t.equal(pace.due(0), 0)
  t.ok(Math.abs(pace.waitMs() - 0.1) < 1e-9)
  t.equal(pace.due(0.04), 0)
  t.ok(Math.abs(pace.waitMs() - 0.06) < 1e-9)
  t.equal(pace.due(0.1001), BATCH)
  t.ok(pace.waitMs() > 0.09)
})

t.test('Infinity is as fast as it goes', async t => {
  const pace = new Pace(Infinity, BATCH, 0)
  t.strictSame([pace.due(0), pace.due(0), pace.waitMs()], [BATCH, BATCH, 0])
})
