import { print } from '../../command.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { complain } from '../run-uvs.js'
import { FLOWS_MOVED_FORM, flowsMovedCommand } from './flows-moved-options.js'
import { flowsMovedText } from './flows-moved-text.js'
import { findFlowsMoved } from './flows-moved.js'
import { runScenario, SCENARIO_FORM } from './run-scenario.js'
import { withJson } from './json-file.js'
import { simulationDocument } from './simulation-document.js'

export const simulate: UvsCommand = {
  name: 'simulate',
  help: `Says what would happen, with directors that are made for it: it needs no privileges and changes nothing.
With SCENARIO: clients, real servers, failures and changes over virtual time, from a seed; who got how much, what broke, and whether what the
scenario asserts holds (docs/scenarios.md).
With --before and --after: how many flows move if the rules become others, of new flows and of connections that are open (docs/simulate.md).
Status: 0, 1 if an assertion fails, 2 if the scenario or the command line is wrong.`,
  forms: [FLOWS_MOVED_FORM, SCENARIO_FORM],
  async run(args) {
    const given = readOptions(simulate, args)
    if (given.words.length > 0) return runScenario(given)
    const command = flowsMovedCommand(given)
    const { problems, ...found } = await findFlowsMoved(command)
    for (const problem of problems) complain('simulate', problem)
    const document = (): string => simulationDocument({ kind: 'flowsMoved', flowsMoved: found }, problems)
    const out = withJson(given, document, () => flowsMovedText(found))
    return print({ status: 0, out, err: '' })
  },
}
