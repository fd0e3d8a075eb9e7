import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { RecordedCase } from '../case.js'
import { playCase } from '../conformance.js'
import { reportLines } from '../report.js'
import { caseText } from './case-file.js'
import { KernelDown } from '../../../netns-lab/uml/kernel-down.js'
import { partsOf, scenarioOf, type Part } from './parts.js'
import { playOnBoth, type Directors } from './play-both.js'
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

/** One that shows a difference. */
interface Finding {
  recorded: RecordedCase
  lines: string[]
}

/**
 * Whether both do the same. A difference counts if it is there when the scenario is played again, and is printed by the
 * smallest scenario that shows it.
 */
export async function passes(
  directors: Directors,
  scenario: Scenario,
  print: (line: string) => void,
): Promise<boolean> {
  const { name } = scenario
  const first = await compared(directors, scenario)
  if (first.lines.length === 0) return true
  const again = await compared(directors, scenario)
  if (again.lines.length === 0) {
    print(`note  ${name}: differed once, and not when it was played again`)
    for (const line of first.lines.slice(0, 4)) print(`      ${line}`)
    return true
  }
  for (const line of reportLines(name, again.lines)) print(line)
  if (isFinding(again)) {
    print(`      looking for the shortest script that shows it, in at most ${REDUCING_TRIES} tries`)
    for (const line of await shortest(directors, scenario, again)) print(line)
  }
  return false
}

/** The report, without its title, of the smallest scenario that shows what was found; or of what was found. */
async function shortest(directors: Directors, scenario: Scenario, found: Finding): Promise<string[]> {
  const { name } = scenario
  const shows = async (parts: Part[]) => isFinding(await compared(directors, scenarioOf(name, parts)))
  const parts = await reduce(partsOf(scenario), shows, REDUCING_TRIES)
  const reduced = await compared(directors, scenarioOf(name, parts))
  const { recorded, lines } = isFinding(reduced) ? reduced : found
  const file = join(tmpdir(), `${name}.json`)
  writeFileSync(file, caseText(recorded))
  return findingLines(recorded, lines, file, directors.mode).slice(1)
}

/** Of two that failed, or of a part of a scenario that is none any more, it is none. */
function isFinding(comparison: Comparison): comparison is Finding {
  return comparison.recorded !== undefined && comparison.lines.length > 0
}

async function compared(directors: Directors, scenario: Scenario): Promise<Comparison> {
  await otherWork() // so that signals are heard
  try {
    const recorded = await playOnBoth(directors, scenario)
    return { recorded, lines: await playCase(recorded, directors.mode) }
  } catch (error) {
    if (error instanceof KernelDown) directors.kernel.distrust()
    return { recorded: undefined, lines: problem(error) }
  }
}

/** Of a director that throws, its stack is what helps. */
function problem(error: unknown): string[] {
  const isPlain = error instanceof KernelDown || error instanceof Unplayable
  return isPlain || !(error instanceof Error) ? [String(error)] : (error.stack ?? error.message).split('\n')
}
