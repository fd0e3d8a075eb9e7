import type { RecordedCase, Step } from '../case.js'
import type { Scenario } from './scenario.js'
import { UvsSide } from './uvs-side.js'

const STEP_SECONDS = 0.05

/** What uvs does with a scenario, as if it were the kernel that did; for tests of what is around the two. */
export async function playOnUvsAlone(scenario: Scenario): Promise<RecordedCase> {
  const uvs = await UvsSide.start(scenario)
  const steps: Step[] = []
  for (const step of scenario.steps) {
    if (step.kind === 'pause') steps.push({ kind: 'pause', note: '', seconds: step.seconds, out: [] })
    else {
      const played = await uvs.play(step)
      // A recording does not say who sent: that is the kernel.
      const out = played.out.map(({ side, frame }) => ({ side, frame }))
      steps.push({ ...played, out, quiet: STEP_SECONDS })
    }
    uvs.advance(step.kind === 'pause' ? step.seconds : STEP_SECONDS)
  }
  const { name, setup } = scenario
  const state = await uvs.state()
  return { name, setup: setup.join('\n'), setupResult: undefined, steps, state, trace: false, chosen: undefined }
}
