import { setImmediate as letOthersRun } from 'node:timers/promises'
import { ScenarioError } from '../../../../native-free/simulate/scenario/scenario-error.js'
import { simulate } from '../../../../native-free/simulate/simulation.js'
import { UsageError } from '../../../director/options.js'
import { print } from '../../command.js'
import type { Form } from '../../option.js'
import { mustDiffer } from './write-whole.js'
import { bar, ProgressLine } from '../replay/progress.js'
import { wholeNumber } from '../options/whole-number.js'
import type { Given } from '../options/read-options.js'
import { complain } from '../run-uvs.js'
import { lineOnDirector } from './line-on-director.js'
import { loadKeepalived } from './load-keepalived.js'
import { loadScenario } from './load-scenario.js'
import { HTML, writeReport } from './report/write-report.js'
import { JSON_FILE, jsonFile, withJson } from './json-file.js'
import { simulationDocument } from './simulation-document.js'
import { simulationText } from './simulation-text.js'

export const SCENARIO_FORM: Form = {
  words: [{ value: 'SCENARIO', is: 'file' }],
  options: [JSON_FILE, HTML, { flags: ['--seed'], value: 'N', help: "in the place of the scenario's" }],
}

/** Returns the exit status. UsageError names the file, the line and the word. */
export async function runScenario(given: Given): Promise<number> {
  const file = given.words[0]!
  const seed = wholeNumber('--seed', given.one('--seed'), 0, 0xffffffff)
  const html = given.one('--html')
  if (html === '-') throw new UsageError("--html: '-': a file is expected; ./- is one of that name")
  mustDiffer([
    ['SCENARIO', file === '-' ? undefined : file],
    ['--json', jsonFile(given)],
    ['--html', html],
  ])
  const source = await loadScenario(file)
  const problems = new Set<string>()
  const progress = new ProgressLine()
  try {
    const scenario = { ...source.scenario, ...(seed === undefined ? {} : { seed }) }
    const result = await simulate({
      scenario,
      keepalived: loadKeepalived(scenario, file),
      runLine: lineOnDirector,
      report: problem => void problems.add(problem),
      reached: ms => {
        if (progress.isDue()) progress.show(progressText(ms, scenario.durationMs))
        return letOthersRun()
      },
    })
    progress.end()
    for (const problem of problems) complain('simulate', problem)
    const document = (): string => simulationDocument({ kind: 'scenario', scenario: result }, [...problems])
    const out = withJson(given, document, () => simulationText(result))
    if (html !== undefined) writeReport(html, result)
    return print({ status: result.ok ? 0 : 1, out, err: '' })
  } catch (error) {
    progress.end()
    throw error instanceof ScenarioError ? new UsageError(source.placed(error)) : error
  }
}

/** `[####------]  40 %  12 of 30 s`, of virtual time. */
function progressText(ms: number, durationMs: number): string {
  return `${bar(ms / durationMs)}  ${Math.floor(ms / 1000)} of ${durationMs / 1000} s`
}
