import { hex } from '../../support/frames.js'
import type { RecordedCase, SideFrame, Step } from '../case.js'

/** The text of a file that `npm run conformance -- FILE` plays: what parseCase reads. */
export function caseText(recorded: RecordedCase): string {
  const { name, setup, setupResult, steps, state } = recorded
  const json = { name, setup, setup_result: setupResult, steps: steps.map(stepJson), state }
  return `${JSON.stringify(json, null, 1)}\n`
}

function stepJson(step: Step): object {
  const out = step.out.map(frameJson)
  if (step.kind === 'pause') return { pause: step.seconds, out }
  const { note, quiet } = step
  if (step.kind === 'do') return { note, do: step.script, result: step.result, out, quiet }
  return { note, send: frameJson(step.send), out, quiet }
}

function frameJson({ side, frame }: SideFrame): object {
  return { side, frame: hex(frame) }
}
