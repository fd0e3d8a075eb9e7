/** A word on the command line that is none of ours. One line. */
export class ConformanceUsageError extends Error {
  override readonly name = 'ConformanceUsageError'
}
