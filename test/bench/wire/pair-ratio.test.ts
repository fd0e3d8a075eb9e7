import t from 'tap'
import { pairRatio } from '../../../bench/wire/pair-ratio.js'

t.test('a slow pair counts as a quick one does', async t => {
  const { ratio, within } = pairRatio([100, 10, 1000], [98, 9.8, 980])
  t.ok(Math.abs(ratio - 0.98) < 1e-9 && within < 1e-9, `${ratio} ± ${within}`)
})

t.test('twice and half are one, within much; one pair says nothing of how far it may be out', async t => {
  const { ratio, within } = pairRatio([10, 10], [20, 5])
  t.ok(Math.abs(ratio - 1) < 1e-9)
  t.ok(Math.abs(within - (Math.exp(2 * Math.log(2)) - 1)) < 1e-9)
  t.match(pairRatio([10], [5]), { ratio: 0.5, within: NaN })
})
