import type { RecordedCase, Step } from '../case.js'
import { reportLines } from '../report.js'
import { modeWords } from '../mode-words.js'
import type { Mode } from '../rig.js'

/** A difference for a person: the script that shows it, what differs, and the file to play it from. */
export function findingLines(recorded: RecordedCase, differences: string[], file: string, mode: Mode = {}): string[] {
  const script = [...recorded.setup.split('\n'), ...recorded.steps.map(stepLine)].map(line => `      | ${line}`)
  const [title = '', ...lines] = reportLines(recorded.name, differences)
  return [
    title,
    ...script,
    '      expected is what the kernel did, got is what uvs did:',
    ...lines,
    `      to play it: npm run conformance -- ${modeWords(mode)}${file}`,
  ]
}

function stepLine(step: Step, index: number): string {
  if (step.kind === 'pause') return `${index}: (pause of ${step.seconds} s)`
  return `${index}: ${step.kind === 'do' ? step.script.replaceAll('\n', '; ') : step.note}`
}
