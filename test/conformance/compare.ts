import type { RecordedCase, Step } from './case.js'
import { chosen } from './chosen.js'
import { compareFrames } from './compare-frames.js'
import { compareOutcome, compareText } from './compare-text.js'
import { expectedOut } from './exception.js'
import type { Played, PlayedStep } from './play.js'

/** What differs between a recording and what was played, in readable lines. No lines: the same. */
export function compare(recorded: RecordedCase, played: Played): string[] {
  // A setup without a recorded result went well, whatever it wrote to its standard output.
  const setup = recorded.setupResult ?? { status: 0, out: played.setup.out, err: '' }
  return [
    ...under('setup', compareOutcome(setup, played.setup)),
    ...recorded.steps.flatMap((step, index) => compareStep(recorded, step, index, played.steps[index])),
    ...under('state at the end', compareText(recorded.state, played.state)),
    ...under('ARP', played.arp),
    ...under('chosen', recorded.chosen ? compareChosen(recorded.chosen, chosen(recorded, played.steps)) : []),
  ]
}

function compareStep(recorded: RecordedCase, step: Step, index: number, played: PlayedStep | undefined): string[] {
  const title = `step ${index} (${step.kind === 'do' ? step.script : step.note || step.kind})`
  if (!played) return [`${title}: not played`]
  const sent = step.kind === 'send' ? step.send.frame : undefined
  const frames = compareFrames(expectedOut(recorded, step), played.out, sent)
  const verdict = frames.length > 0 && played.verdict ? ` [${played.verdict}]` : ''
  const outcome = step.kind === 'do' && played.result ? compareOutcome(step.result, played.result) : []
  return under(title + verdict, [...outcome, ...frames])
}

function compareChosen(expected: string[], actual: string[]): string[] {
  const count = expected.length === actual.length ? [] : [`expected ${expected.length} choices, got ${actual.length}`]
  const choices = expected.map((want, index) => [index, want, actual[index] ?? 'none'] as const)
  const others = choices.filter(([, want, got]) => want !== got)
  return [...count, ...others.map(([index, want, got]) => `SYN ${index}: expected ${want}, got ${got}`)]
}

function under(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map(line => `  ${line}`)]
}
