import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { RecordedCase } from '../case.js'
import { playCase } from '../conformance.js'
import { reportLines } from '../report.js'
import { caseText } from './case-file.js'
import { KernelDown } from './kernel-down.js'
import type { Kernel } from './kernel.js'
import { partsOf, scenarioOf } from './parts.js'
import { playOnBoth } from './play-both.js'
import { reduce } from './reduce.js'
import { findingLines } from './report-finding.js'
import type { Scenario } from './scenario.js'
import { Unplayable } from './uvs-side.js'

/** Each costs a second or two. */
const REDUCING_TRIES = 120

/** What the kernel did with a scenario, unless one of the two failed, and what uvs did otherwise or which failed. */
interface Comparison {
  recorded: RecordedCase | undefined
  lines: string[]
}

/**
 * Whether both do the same. A difference counts if it is there when the scenario is played again, and is printed by the
 * smallest scenario that shows it.
 */
export async function passes(kernel: Kernel, scenario: Scenario, print: (line: string) => void): Promise<boolean> {
  const { name } = scenario
  const first = await compared(kernel, scenario)
  if (first.lines.length === 0) return true
  const again = await compared(kernel, scenario)
  if (again.lines.length === 0) {
    print(`note  ${name}: differed once, and not when it was played again`)
    for (const line of first.lines.slice(0, 4)) print(`      ${line}`)
    return true
  }
  for (const line of reportLines(name, again.lines)) print(line)
  if (again.recorded) {
    print(`      looking for the shortest script that shows it, in at most ${REDUCING_TRIES} tries`)
    for (const line of await shortest(kernel, scenario, again.recorded, again.lines)) print(line)
  }
  return false
}

/** The report, without its title, of the smallest scenario that shows what was found; or of what was found. */
async function shortest(
  kernel: Kernel,
  scenario: Scenario,
  recorded: RecordedCase,
  lines: string[],
): Promise<string[]> {
  const { name } = scenario
  const parts = await reduce(partsOf(scenario), fewer => differs(kernel, scenarioOf(name, fewer)), REDUCING_TRIES)
  const reduced = await compared(kernel, scenarioOf(name, parts))
  const shown =
    reduced.recorded && reduced.lines.length > 0
      ? { recorded: reduced.recorded, lines: reduced.lines }
      : { recorded, lines }
  const file = join(tmpdir(), `${name}.json`)
  writeFileSync(file, caseText(shown.recorded))
  return findingLines(shown.recorded, shown.lines, file).slice(1)
}

async function compared(kernel: Kernel, scenario: Scenario): Promise<Comparison> {
  await otherWork() // so that signals are heard
  try {
    const recorded = await playOnBoth(kernel, scenario)
    return { recorded, lines: await playCase(recorded) }
  } catch (error) {
    if (error instanceof KernelDown) kernel.distrust()
    return { recorded: undefined, lines: problem(error) }
  }
}

/** Of a director that throws, its stack is what helps. */
function problem(error: unknown): string[] {
  const isPlain = error instanceof KernelDown || error instanceof Unplayable
  return isPlain || !(error instanceof Error) ? [String(error)] : (error.stack ?? error.message).split('\n')
}

/** Whether a part of a scenario shows a difference. One that is no scenario any more shows none. */
async function differs(kernel: Kernel, scenario: Scenario): Promise<boolean> {
  const { recorded, lines } = await compared(kernel, scenario)
  return recorded !== undefined && lines.length > 0
}
