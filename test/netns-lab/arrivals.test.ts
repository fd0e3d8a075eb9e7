import t from 'tap'
import { Arrivals } from '../../netns-lab/arrivals.js'

t.test('each frame counts once; others are told apart', async t => {
  const arrivals = new Arrivals(100)
  arrivals.begin(7)
  for (let number = 0; number < 100; number++) arrivals.take(7, number)
  for (const number of [0, 31, 32, 99]) arrivals.take(7, number)
  arrivals.take(6, 1)
  arrivals.take(7, 100)
  const { received, repeated, strange } = arrivals
  t.strictSame({ received, repeated, strange }, { received: 100, repeated: 4, strange: 2 })
  arrivals.begin(8)
  arrivals.take(7, 5)
  arrivals.take(8, 5)
  t.strictSame([arrivals.received, arrivals.repeated, arrivals.strange], [1, 0, 1], 'forgotten with the next run')
})
