import type { RecordedCase, Step } from '../case.js'
import { playCase } from '../conformance.js'

/**
 * How uvs's clock may be off the kernel's. Linux lets a timer run out up to an eighth of its time late (the levels of
 * its timer wheel), so what has run out on uvs at the end of a pause may not have on the kernel. And of a command it is
 * known how long it took, not when in that time it was carried out.
 */
const PAUSES = [1, 0.88, 1.06]
/** Seconds from the last step until the state is listed: the programs start in about so much time. */
const UNTIL_STATE = [0.15, 0.03, 0.06, 0.1]
const CLOCKS = PAUSES.flatMap(pauses => [
  ...UNTIL_STATE.map(untilState => ({ pauses, isLate: true, untilState })),
  { pauses, isLate: false, untilState: 0 },
])
type Clock = (typeof CLOCKS)[number]

/** What differs between what the kernel did and what uvs does in the same time, whichever of the clocks it has. */
export async function differences(recorded: RecordedCase): Promise<string[]> {
  const found = await playCase(recorded)
  if (found.length === 0) return found
  for (const clock of CLOCKS) if ((await playCase(atClock(recorded, clock))).length === 0) return []
  return found
}

/** `isLate`: commands are carried out at the end of their time. */
function atClock(recorded: RecordedCase, { pauses, isLate, untilState }: Clock): RecordedCase {
  const steps = recorded.steps.flatMap((step): Step[] => {
    if (step.kind === 'pause') return [{ ...step, seconds: step.seconds * pauses }]
    if (step.kind === 'do' && isLate) return [pause(step.quiet ?? 0), { ...step, quiet: 0 }]
    return [step]
  })
  return { ...recorded, steps: isLate ? [...steps, pause(untilState)] : steps }
}

function pause(seconds: number): Step {
  return { kind: 'pause', note: '', seconds, out: [] }
}
