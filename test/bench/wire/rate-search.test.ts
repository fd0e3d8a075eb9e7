import t from 'tap'
import { highestRate, isLossless, rateOf, type Try } from '../../../bench/wire/rate-search.js'

interface Path {
  /** Frames a second that the sender can send. */
  sender: number
  /** That come through; of what is beyond it `after` of each come. */
  capacity: number
  after?: number
  /** A long run holds so much of what a short one does. */
  long?: number
}

/** A way that carries so much; how much time was spent on it, and the rates that came through for a second. */
function simulate({ sender, capacity, after = 1, long = 1 }: Path): { run: Try; spent(): number; kept: number[] } {
  let spentSeconds = 0
  const kept: number[] = []
  const run: Try = async (perSecond, seconds) => {
    spentSeconds += seconds
    const rate = Math.min(perSecond || Infinity, sender)
    const through = seconds < 1 ? capacity : capacity * long
    const came = rate <= through ? rate : Math.min(through, rate) * after
    const trial = { sent: Math.round(rate * seconds), lost: Math.round((rate - came) * seconds), seconds }
    if (seconds >= 1 && isLossless(trial)) kept.push(rateOf(trial))
    return trial
  }
  return { run, spent: () => spentSeconds, kept }
}

t.test('a path that loses is found out to 3 %, in less than 10 s', async t => {
  for (const capacity of [9000, 123_456, 400_000, 940_000]) {
    for (const after of [1, 0.8, 0.3]) {
      const { run, spent, kept } = simulate({ sender: 1e6, capacity, after })
      const rate = await highestRate(run)
      t.ok(rate <= capacity * 1.0001 && rate >= capacity * 0.9, `${capacity} by ${after}: ${rate}`)
      t.ok(kept.includes(rate), 'held for a second')
      t.ok(spent() < 10, `${spent()} s`)
    }
  }
})

t.test('nothing lost: the rate is the sender’s own', async t => {
  const { run, spent } = simulate({ sender: 700_000, capacity: Infinity })
  t.equal(await highestRate(run), 700_000)
  t.ok(spent() < 2)
})

t.test('what holds for half a second and not for a whole one does not count', async t => {
  const { run, kept } = simulate({ sender: 1e6, capacity: 500_000, long: 0.88 })
  const rate = await highestRate(run)
  t.ok(rate <= 440_044 && rate > 400_000, `${rate}`)
  t.ok(kept.includes(rate))
})

t.test('a rate that the sender did not keep is not claimed', async t => {
  let flatOut = 900_000
  const run: Try = async (perSecond, seconds) => {
    // Asked for a rate it sleeps between, and comes to no more than 300 000.
    const rate = perSecond === 0 ? flatOut : Math.min(perSecond, 300_000)
    flatOut = 800_000
    return { sent: rate * seconds, lost: rate > 500_000 ? 0.3 * rate * seconds : 0, seconds }
  }
  t.equal(Math.round(await highestRate(run)), 300_000)
})

t.test('a way that loses at every rate has none', async t => {
  t.equal(await highestRate(async (_, seconds) => ({ sent: 1000, lost: 10, seconds })), 0)
  t.equal(await highestRate(async (_, seconds) => ({ sent: 0, lost: 0, seconds })), 0, 'nor one that carries nothing')
})

t.test('one of ten thousand may be lost', async t => {
  t.ok(isLossless({ sent: 100_000, lost: 10, seconds: 1 }))
  t.notOk(isLossless({ sent: 100_000, lost: 11, seconds: 1 }))
})
