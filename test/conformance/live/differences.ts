import type { RecordedCase, Step } from '../case.js'
import { seededRandom } from '../../../src/director/random.js'
import { playCase } from '../conformance.js'

/**
 * How uvs's clock may be off the kernel's. Linux lets a timer run out up to an eighth of its time late (the levels of
 * its timer wheel), so what has run out on uvs at the end of a pause may not have on the kernel. And of a command it is
 * known how long it took, not when in that time it was carried out.
 */
const PAUSES = [1, 0.88, 1.06]
/** Seconds in which the programs that list the state at the end start. */
const STATE_SECONDS = 0.15
/** Clocks in which each command has a moment of its own. */
const MIXED = 40

interface Clock {
  pauses: number
  /** Of a command's time, the part that passes before it is carried out: 0 to 1. */
  moment(): number
}
const clocks = (): Clock[] => [
  ...PAUSES.flatMap(pauses => [1, 0].map(part => ({ pauses, moment: () => part }))),
  ...Array.from({ length: MIXED }, (_, seed) => {
    const random = seededRandom(seed)
    return { pauses: PAUSES[seed % 2]!, moment: () => random() / 2 ** 32 }
  }),
]

/** What differs between what the kernel did and what uvs does in the same time, whichever of the clocks it has. */
export async function differences(recorded: RecordedCase): Promise<string[]> {
  const found = await playCase(recorded)
  if (found.length === 0) return found
  for (const clock of clocks()) if ((await playCase(atClock(recorded, clock))).length === 0) return []
  return found
}

function atClock(recorded: RecordedCase, { pauses, moment }: Clock): RecordedCase {
  const steps = recorded.steps.flatMap((step): Step[] => {
    if (step.kind === 'pause') return [{ ...step, seconds: step.seconds * pauses }]
    if (step.kind !== 'do') return [step]
    const quiet = step.quiet ?? 0
    const before = quiet * moment()
    return [pause(before), { ...step, quiet: quiet - before }]
  })
  return { ...recorded, steps: [...steps, pause(STATE_SECONDS * moment())] }
}

function pause(seconds: number): Step {
  return { kind: 'pause', note: '', seconds, out: [] }
}
