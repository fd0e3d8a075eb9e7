/** The quantile: the value that `share` of the samples do not exceed; for 1 the largest. Sorts the samples. */
export function quantile(samples: Float64Array, share: number): number {
  samples.sort()
  return samples[Math.max(0, Math.ceil(samples.length * share) - 1)]!
}
