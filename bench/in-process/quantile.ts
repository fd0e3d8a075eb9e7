/** The value that `share` of the samples do not exceed; of 1 the largest. Sorts them. */
export function quantile(samples: Float64Array, share: number): number {
  samples.sort()
  return samples[Math.max(0, Math.ceil(samples.length * share) - 1)]!
}
