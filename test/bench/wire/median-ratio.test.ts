import t from 'tap'
import { medianRatio } from '../../../bench/wire/median-ratio.js'

const ones = (count: number): number[] => Array.from({ length: count }, () => 1)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

t.test('the median of the pairs’ ratios, not the ratio of medians; an outlier does not move it', async t => {
  t.equal(medianRatio([1, 10, 100], [2, 20, 200]).ratio, 2)
  t.equal(medianRatio([1, 1, 1, 1, 1], [1, 1, 1, 1, 1000]).ratio, 1)
})

t.test('between which order statistics the median lies, of tables of the sign test', async t => {
  // 95 %, two-sided: 6 pairs say no more than the least and the most, 10 leave one out at each end, 20 five.
  t.strictSame(medianRatio(ones(6), upTo(6)), { ratio: 3.5, least: 1, most: 6 })
  t.strictSame(medianRatio(ones(10), upTo(10)), { ratio: 5.5, least: 2, most: 9 })
  t.strictSame(medianRatio(ones(20), upTo(20)), { ratio: 10.5, least: 6, most: 15 })
  t.strictSame(medianRatio(ones(5), upTo(5)), { ratio: 3, least: NaN, most: NaN })
})
