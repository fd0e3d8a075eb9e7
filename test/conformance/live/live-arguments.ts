import { ConformanceUsageError } from '../usage-error.js'

export interface LiveArguments {
  seed: number
  count: number
}

const SEED_END = 2 ** 32

/** `--live [--seed N] [--count N]`, in any order. `drawSeed` is asked for a seed where none is given. */
export function parseLiveArguments(args: readonly string[], drawSeed: () => number): LiveArguments {
  const given: Partial<LiveArguments> = {}
  for (let at = 0; at < args.length; at++) {
    const name = args[at]!
    if (name === '--live') continue
    if (name !== '--seed' && name !== '--count')
      throw new ConformanceUsageError(`'${name}': only --live, --seed N, --count N`)
    const value = args[++at] ?? ''
    const end = name === '--seed' ? SEED_END : 1_000_000
    const first = name === '--seed' ? 0 : 1
    if (!/^\d+$/.test(value) || Number(value) < first || Number(value) >= end)
      throw new ConformanceUsageError(`${name}: '${value}' is not a whole number from ${first} to ${end - 1}`)
    given[name === '--seed' ? 'seed' : 'count'] = Number(value)
  }
  return { seed: given.seed ?? drawSeed() % SEED_END, count: given.count ?? 25 }
}
