export interface PairRatio {
  /** The geometric mean of second / first, pair by pair. */
  ratio: number
  /** Twice the standard error of that mean, as a share. */
  within: number
}

/** How a second row of figures compares with a first that was measured beside it: what else the machine did meets both of a pair. */
export function pairRatio(first: readonly number[], second: readonly number[]): PairRatio {
  const logs = second.map((value, i) => Math.log(value / first[i]!))
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0)
  const error = logs.length > 1 ? Math.sqrt(squares / (logs.length - 1) / logs.length) : NaN
  return { ratio: Math.exp(mean), within: Math.exp(2 * error) - 1 }
}
