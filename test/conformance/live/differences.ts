import { playCase } from '../conformance.js'
import type { RecordedCase } from '../case.js'

/**
 * Clocks that uvs may have had, as parts of the kernel's. Linux lets a timer run out up to an eighth of its time late
 * (the levels of its timer wheel), so what has run out on uvs at the end of a pause may not have on the kernel.
 */
const CLOCKS = [1, 0.88, 1.06]

/** What differs between what the kernel did and what uvs does in the same time, whichever of the clocks it has. */
export async function differences(recorded: RecordedCase): Promise<string[]> {
  const found = await playCase(recorded)
  if (found.length === 0 || !recorded.steps.some(step => step.kind === 'pause')) return found
  for (const clock of CLOCKS) if ((await playCase(atClock(recorded, clock))).length === 0) return []
  return found
}

function atClock(recorded: RecordedCase, clock: number): RecordedCase {
  const steps = recorded.steps.map(step => (step.kind === 'pause' ? { ...step, seconds: step.seconds * clock } : step))
  return { ...recorded, steps }
}
