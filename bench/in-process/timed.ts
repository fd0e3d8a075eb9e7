import Benchmark from 'benchmark'
import { type Measure, once } from './measure.js'

/** In seconds: the least time of a sample, and the most of all samples of one round. */
const OPTIONS = { minTime: 0.02, maxTime: 0.06, minSamples: 3 }

/** Seconds for which new code runs before its first measurement, until V8 has optimized it. */
const WARM_UP = 0.3

function warmedUp(run: () => void): void {
  const end = performance.now() + WARM_UP * 1000
  while (performance.now() < end) run()
}

/** Nanoseconds that `run` takes, divided by `each`, the packets or lookups of one run. */
export function nsEach(run: () => void, each: number): number {
  const benchmark = new Benchmark(() => run(), OPTIONS)
  benchmark.run()
  const { error } = benchmark as unknown as { error?: Error }
  if (error !== undefined) throw error
  return (benchmark.stats.mean * 1e9) / each
}

/** A measure of one figure: nanoseconds for each of the `each` operations of a run. `start` builds the run. */
export function timed(name: string, each: number, start: () => () => void): Measure {
  const run = once(() => {
    const made = start()
    warmedUp(made)
    return made
  })
  return { name, figures: () => ({ ns: nsEach(run(), each) }) }
}

/** Like `timed`, where each run first copies the data that it rewrites: the cost of `what` alone is reported and subtracted. */
export function timedWithCopy(
  name: string,
  each: number,
  start: () => { run(): void; copy(): void },
  what = 'the copy',
): Measure {
  const started = once(() => {
    const made = start()
    warmedUp(made.run)
    warmedUp(made.copy)
    return made
  })
  return {
    name,
    figures() {
      const { run, copy } = started()
      const gross = nsEach(run, each)
      const copying = nsEach(copy, each)
      return { 'ns net': gross - copying, ns: gross, [`ns for ${what} alone`]: copying }
    },
  }
}
