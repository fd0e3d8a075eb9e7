import { setImmediate as letOthersRun } from 'node:timers/promises'
import { CaptureError } from '../../src/capture/capture-error.js'
import { Paused, type Replay } from './replay.js'

/** Frames between two looks at the rest of the program, a few tens of ms. */
const SLICE = 8192

/** Something that is done so many ms after the first frame. */
export interface TimedStep {
  readonly ms: number
  run(): Promise<void>
}

/**
 * Runs a replay to its end, and the steps at their times, which are in order. `busy` is called after each slice of frames. Returns what
 * is wrong with the capture: the steps behind it are run all the same.
 */
export async function timedRun(
  replay: Replay,
  steps: readonly TimedStep[],
  busy: () => void = () => {},
): Promise<CaptureError | undefined> {
  let corrupt: CaptureError | undefined
  for (const step of steps) {
    corrupt ??= await framesUntil(replay, step.ms, busy)
    replay.passUntil(step.ms)
    await step.run()
  }
  corrupt ??= await framesUntil(replay, Infinity, busy)
  replay.end()
  return corrupt
}

async function framesUntil(replay: Replay, ms: number, busy: () => void): Promise<CaptureError | undefined> {
  try {
    while (replay.run(ms, SLICE) === Paused.BUSY) {
      busy()
      await letOthersRun()
    }
    return undefined
  } catch (error) {
    if (error instanceof CaptureError) return error
    throw error
  }
}
