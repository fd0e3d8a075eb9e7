import type { UvsCommand } from './command.js'
import { connectionsText, formatPlan } from './format-plan.js'
import { onRules } from './on-rules.js'
import { plannedChanges } from './rules-transaction.js'

export const plan: UvsCommand = {
  name: 'plan',
  usage: 'plan FILE|- [--json] [--control PATH]',
  help: `what \`uvs apply FILE\` would change, a line a change, + - or ~, and the live connections of the real servers that it
touches; nothing is changed. Status 0, also when there is nothing to do; 1 refused, 2 usage or a bad line of FILE`,
  run: args =>
    onRules('plan', plan.usage, args, async control => {
      const changes = await plannedChanges(control)
      const connections = changes.reduce((sum, change) => sum + change.connections, 0)
      const end = changes.length === 0 ? 'nothing to do' : `${changes.length} changes, ${connectionsText(connections)}`
      return { text: `${formatPlan(changes)}${end}\n`, json: { changes, connections } }
    }),
}
