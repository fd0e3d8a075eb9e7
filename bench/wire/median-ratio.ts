import { median } from '../../netns-lab/median.js'

export interface MedianRatio {
  /** The median of second / first, pair by pair. */
  ratio: number
  /** It is between these with 95 % or more, whatever the ratios' distribution is; NaN: there are too few pairs to say. */
  least: number
  most: number
}

/** As pairRatio, for figures with outliers, such as a p99 of a short run. */
export function medianRatio(first: readonly number[], second: readonly number[]): MedianRatio {
  const ratios = second.map((value, i) => value / first[i]!).toSorted((a, b) => a - b)
  const rank = rankOf(ratios.length)
  const [least = NaN, most = NaN] = rank === 0 ? [] : [ratios[rank - 1]!, ratios[ratios.length - rank]!]
  return { ratio: median(ratios), least, most }
}

/** The highest rank, from 1 on, below which the median of the distribution lies with at most 2.5 %; 0: none is. */
function rankOf(count: number): number {
  let share = 2 ** -count
  let below = 0
  for (let rank = 0; ; rank++) {
    below += share
    if (below > 0.025) return rank
    share *= (count - rank) / (rank + 1)
  }
}
