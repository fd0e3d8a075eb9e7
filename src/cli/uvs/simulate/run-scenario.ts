import { setImmediate as letOthersRun } from 'node:timers/promises'
import { ScenarioError } from '../../../../native-free/simulate/scenario/scenario-error.js'
import { simulate } from '../../../../native-free/simulate/simulation.js'
import { UsageError } from '../../../director/options.js'
import { print } from '../../command.js'
import { jsonDocument } from '../../json.js'
import type { Form } from '../../option.js'
import { mustDiffer, writeWhole } from './write-whole.js'
import { wholeNumber } from '../options/whole-number.js'
import type { Given } from '../options/read-options.js'
import { complain } from '../run-uvs.js'
import { lineOnDirector } from './line-on-director.js'
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
  if (html === '-') throw new UsageError("--html: '-': a file is expected; ./- is one of that name")
  mustDiffer([
    ['SCENARIO', file === '-' ? undefined : file],
    ['--json', json === '-' ? undefined : json],
    ['--html', html],
  ])
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
    if (json !== undefined && json !== '-') writeWhole('--json', json, document)
    if (html !== undefined) writeReport(html, result)
    const status = result.ok ? 0 : 1
    return print({ status, out: json === '-' ? document : simulationText(result), err: '' })
  } catch (error) {
    throw error instanceof ScenarioError ? new UsageError(source.placed(error)) : error
  }
}
