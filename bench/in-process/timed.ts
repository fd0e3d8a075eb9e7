import Benchmark from 'benchmark'
import { type Measure, once } from './measure.js'

/** Seconds of a sample, and of all samples of one round. */
const OPTIONS = { minTime: 0.02, maxTime: 0.06, minSamples: 3 }

/** Seconds that what is new is run before it is measured the first time: until V8 has compiled it for good. */
const WARM_UP = 0.3

function warmedUp(run: () => void): void {
  const end = performance.now() + WARM_UP * 1000
  while (performance.now() < end) run()
}

/** Nanoseconds that `run` takes, divided by the packets, lookups, … that it does. */
export function nsEach(run: () => void, each: number): number {
  const benchmark = new Benchmark(() => run(), OPTIONS)
  benchmark.run()
  const { error } = benchmark as unknown as { error?: Error }
  if (error !== undefined) throw error
  return (benchmark.stats.mean * 1e9) / each
}

/** A measure of one figure: nanoseconds for each of the `each` things that one run does. `start` builds what is run. */
export function timed(name: string, each: number, start: () => () => void): Measure {
  const run = once(() => {
    const made = start()
    warmedUp(made)
    return made
  })
  return { name, figures: () => ({ ns: nsEach(run(), each) }) }
}

/** As `timed`, where each run also makes ready what it rewrites: what that costs alone (`what` it is) is told, and taken off. */
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
