import type { RecordedCase, Step } from '../case.js'
import { playCase } from '../conformance.js'

/**
 * How uvs's clock may be off the kernel's. Linux lets a timer run out up to an eighth of its time late (the levels of
 * its timer wheel), so what has run out on uvs at the end of a pause may not have on the kernel. And of a command it is
 * known how long it took, not when in that time it was carried out.
 */
const CLOCKS = [1, 0.88, 1.06].flatMap(pauses => [
  { pauses, isLate: true },
  { pauses, isLate: false },
])

/** Programs that list the state at the end start in about this time. */
const STATE_SECONDS = 0.15

/** What differs between what the kernel did and what uvs does in the same time, whichever of the clocks it has. */
export async function differences(recorded: RecordedCase): Promise<string[]> {
  const found = await playCase(recorded)
  if (found.length === 0) return found
  for (const { pauses, isLate } of CLOCKS)
    if ((await playCase(atClock(recorded, pauses, isLate))).length === 0) return []
  return found
}

/** `isLate`: commands are carried out at the end of their time. */
function atClock(recorded: RecordedCase, pauses: number, isLate: boolean): RecordedCase {
  const steps = recorded.steps.flatMap((step): Step[] => {
    if (step.kind === 'pause') return [{ ...step, seconds: step.seconds * pauses }]
    if (step.kind === 'do' && isLate) return [pause(step.quiet ?? 0), { ...step, quiet: 0 }]
    return [step]
  })
  return { ...recorded, steps: isLate ? [...steps, pause(STATE_SECONDS)] : steps }
}

function pause(seconds: number): Step {
  return { kind: 'pause', note: '', seconds, out: [] }
}
