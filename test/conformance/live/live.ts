import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { RecordedCase } from '../case.js'
import { playCase } from '../conformance.js'
import { caseText } from './case-file.js'
import { generate } from './generate.js'
import { Kernel, whyNoKernel } from './kernel.js'
import type { LiveArguments } from './live-arguments.js'
import { partsOf, scenarioOf } from './parts.js'
import { playOnBoth } from './play-both.js'
import { reduce } from './reduce.js'
import { findingLines } from './report-finding.js'
import type { Scenario } from './scenario.js'
import { Unplayable } from './uvs-side.js'

/** Each costs a second or two. */
const REDUCING_TRIES = 120

/** What both did with a scenario. */
interface Comparison {
  recorded: RecordedCase
  lines: string[]
}

/**
 * Plays random scenarios on uvs and on the real kernel, started for it, and prints what differs, each difference by the
 * smallest scenario that shows it. Answers whether there were none. Where there is no kernel nothing is compared.
 */
export async function live({ seed, count }: LiveArguments, print: (line: string) => void): Promise<boolean> {
  const reason = whyNoKernel()
  if (reason) {
    print(`0 passed, 0 failed, live comparison skipped: ${reason}`)
    return true
  }
  print(`live comparison with Linux under user-mode-linux: --seed ${seed} --count ${count}`)
  const kernel = Kernel.boot()
  const stop = (): never => {
    kernel.down()
    process.exit(130)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  let failed = 0
  try {
    for (let index = 0; index < count; index++) {
      if (!(await passes(kernel, generate(seed, index), print))) failed++
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    kernel.down()
  }
  print(`${count - failed} passed, ${failed} failed`)
  return failed === 0
}

async function passes(kernel: Kernel, scenario: Scenario, print: (line: string) => void): Promise<boolean> {
  const first = await compared(kernel, scenario)
  if (first.lines.length === 0) return true
  const again = await compared(kernel, scenario)
  if (again.lines.length === 0) {
    print(`note  ${scenario.name}: differed once, and not when it was played again`)
    for (const line of first.lines.slice(0, 4)) print(`      ${line}`)
    return true
  }
  const { name } = scenario
  const parts = await reduce(partsOf(scenario), async fewer => shows(kernel, scenarioOf(name, fewer)), REDUCING_TRIES)
  const reduced = await compared(kernel, scenarioOf(name, parts))
  const finding = reduced.lines.length > 0 ? reduced : again
  const file = join(tmpdir(), `${name}.json`)
  writeFileSync(file, caseText(finding.recorded))
  for (const line of findingLines(finding.recorded, finding.lines, file)) print(line)
  return false
}

async function compared(kernel: Kernel, scenario: Scenario): Promise<Comparison> {
  await otherWork() // so that signals are heard
  const recorded = await playOnBoth(kernel, scenario)
  return { recorded, lines: await playCase(recorded) }
}

/** Whether a part of a scenario shows a difference. One that is no scenario any more shows none. */
async function shows(kernel: Kernel, scenario: Scenario): Promise<boolean> {
  try {
    return (await compared(kernel, scenario)).lines.length > 0
  } catch (error) {
    if (error instanceof Unplayable) return false
    throw error
  }
}
