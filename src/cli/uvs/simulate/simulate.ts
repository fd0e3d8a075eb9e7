import { print } from '../../command.js'
import { jsonDocument } from '../../json.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { complain } from '../run-uvs.js'
import { FLOWS_MOVED_FORM, flowsMovedCommand } from './flows-moved-options.js'
import { flowsMovedText } from './flows-moved-text.js'
import { findFlowsMoved } from './flows-moved.js'

export const simulate: UvsCommand = {
  name: 'simulate',
  help: `Says what would happen, with directors that are made for it: it needs no privileges and changes nothing.
With --before and --after: how many flows move if the rules become others, of new flows and of connections that are open (docs/simulate.md).`,
  forms: [FLOWS_MOVED_FORM],
  async run(args) {
    const command = flowsMovedCommand(readOptions(simulate, args))
    const { problems, ...found } = await findFlowsMoved(command)
    for (const problem of problems) complain('simulate', problem)
    const out = command.asJson ? jsonDocument('flowsMoved', found) : flowsMovedText({ ...found, problems })
    return print({ status: 0, out, err: '' })
  },
}
