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

/** What the kernel did with a scenario, unless it went down, and what uvs did otherwise. */
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
  for (const line of await finding(kernel, scenario, again)) print(line)
  return false
}

async function finding(kernel: Kernel, scenario: Scenario, { recorded, lines }: Comparison): Promise<string[]> {
  const { name } = scenario
  if (!recorded) return reportLines(name, lines)
  const parts = await reduce(partsOf(scenario), fewer => differs(kernel, scenarioOf(name, fewer)), REDUCING_TRIES)
  const reduced = await compared(kernel, scenarioOf(name, parts))
  const shown =
    reduced.recorded && reduced.lines.length > 0
      ? { recorded: reduced.recorded, lines: reduced.lines }
      : { recorded, lines }
  const file = join(tmpdir(), `${name}.json`)
  writeFileSync(file, caseText(shown.recorded))
  return findingLines(shown.recorded, shown.lines, file)
}

async function compared(kernel: Kernel, scenario: Scenario): Promise<Comparison> {
  await otherWork() // so that signals are heard
  try {
    const recorded = await playOnBoth(kernel, scenario)
    return { recorded, lines: await playCase(recorded) }
  } catch (error) {
    if (!(error instanceof KernelDown)) throw error
    return { recorded: undefined, lines: [error.message] }
  }
}

/** Whether a part of a scenario shows a difference. One that is no scenario any more shows none. */
async function differs(kernel: Kernel, scenario: Scenario): Promise<boolean> {
  try {
    const { recorded, lines } = await compared(kernel, scenario)
    return recorded !== undefined && lines.length > 0
  } catch (error) {
    if (error instanceof Unplayable) return false
    throw error
  }
}
