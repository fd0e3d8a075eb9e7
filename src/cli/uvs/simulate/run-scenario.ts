import { writeFileSync } from 'node:fs'
import { setImmediate as letOthersRun } from 'node:timers/promises'
import { ScenarioError } from '../../../../native-free/simulate/scenario/scenario-error.js'
import { simulate } from '../../../../native-free/simulate/simulation.js'
import type { Control } from '../../../control/protocol/api.js'
import { UsageError } from '../../../director/options.js'
import { messageOf } from '../../../linux/error-text.js'
import { print } from '../../command.js'
import { jsonDocument } from '../../json.js'
import type { Form } from '../../option.js'
import { wholeNumber } from '../options/whole-number.js'
import type { Given } from '../options/read-options.js'
import { runLine } from '../rules/script-lines.js'
import { splitScript } from '../rules/script.js'
import { complain } from '../run-uvs.js'
import { loadKeepalived } from './load-keepalived.js'
import { loadScenario } from './load-scenario.js'
import { HTML, writeReport } from './report/write-report.js'
import { simulationText } from './simulation-text.js'

export const SCENARIO_FORM: Form = {
  words: [{ value: 'SCENARIO', is: 'file' }],
  options: [
    {
      flags: ['--json'],
      value: 'FILE|-',
      is: 'file',
      help: 'the whole result as a JSON document; - prints it and no table',
    },
    HTML,
    { flags: ['--seed'], value: 'N', help: "in the place of the scenario's" },
  ],
}

/** Returns the exit status. UsageError names the file, the line and the word. */
export async function runScenario(given: Given): Promise<number> {
  const file = given.words[0]!
  const seed = wholeNumber('--seed', given.one('--seed'), 0, 0xffffffff)
  const json = given.one('--json')
  const html = given.one('--html')
  const source = await loadScenario(file)
  const problems = new Set<string>()
  try {
    const scenario = { ...source.scenario, ...(seed === undefined ? {} : { seed }) }
    const result = await simulate({
      scenario,
      keepalived: loadKeepalived(scenario, file),
      runLine: lineOnDirector,
      report: problem => void problems.add(problem),
      reached: () => letOthersRun(),
    })
    for (const problem of problems) complain('simulate', problem)
    const document = jsonDocument('simulation', result)
    if (json !== undefined && json !== '-') writeOut('--json', json, document)
    if (html !== undefined) writeReport(html, result)
    const status = result.ok ? 0 : 1
    return print({ status, out: json === '-' ? document : simulationText(result), err: '' })
  } catch (error) {
    throw error instanceof ScenarioError ? new UsageError(source.placed(error)) : error
  }
}

function writeOut(option: string, path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new UsageError(`${option}: ${path}: ${messageOf(error)}`)
  }
}

/** Of uvsadm's lines the program's name may be left out. Returns what is wrong. */
export async function lineOnDirector(line: string, control: Control): Promise<string | undefined> {
  const [words, more] = splitScript(line)
  if (!words || more) return 'one line of uvsadm or sysctl is expected'
  const whole = words[0]!.startsWith('-') ? ['uvsadm', ...words] : words
  if (whole[0] === 'sleep') return 'no sleep here: write a change with its own time'
  const { status, err } = await runLine(whole, control, { sleep: () => Promise.resolve() })
  return status === 0 ? undefined : (err.trim().split('\n')[0] ?? `status ${status}`)
}
