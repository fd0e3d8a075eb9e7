import { jsonDocument } from '../../json.js'
import type { UvsCommand } from '../command.js'
import { connectionsText, formatPlan } from './format-plan.js'
import { onRules, RULES_FORM } from './on-rules.js'
import { plannedChanges } from './rules-transaction.js'

export const plan: UvsCommand = {
  name: 'plan',
  help: `Shows what \`uvs apply FILE\` would change, and changes nothing.
A line a change: + what comes, - what goes, ~ what is edited and what it was; and the live connections, active and inactive,
of the real servers that it touches. FILE - is standard input.
Status 0, also when there is nothing to do; 1 refused, 2 usage or a bad line of FILE.`,
  forms: [RULES_FORM],
  run: args =>
    onRules(plan, args, async (control, asJson) => {
      const changes = await plannedChanges(control)
      if (asJson) return jsonDocument('plan', changes)
      const connections = changes.reduce((sum, change) => sum + change.connections, 0)
      const count = changes.length === 1 ? '1 change' : `${changes.length} changes`
      return `${formatPlan(changes)}${changes.length === 0 ? 'nothing to do' : `${count}, ${connectionsText(connections)}`}\n`
    }),
}
