import { jsonDocument } from '../../json.js'
import type { Control } from '../../../control/protocol/api.js'
import type { UvsCommand } from '../command.js'
import { complain } from '../run-uvs.js'
import { summary } from './format-plan.js'
import { onRules, RULES_FORM } from './on-rules.js'
import { heldWarnings } from './rules-holder.js'
import { commitRules, plannedRules, rulesHolder } from './rules-transaction.js'

export const apply: UvsCommand = {
  name: 'apply',
  help: `Makes the rules those of FILE, all of them or, with one bad line, none.
FILE has lines as \`uvsadm -Sn\` prints them, empty and # lines among them; - is standard input. What is not in it is deleted;
what stays keeps connections, counters and scheduler positions. -E -e -D -d change what stands above them in FILE.
Where etcd or a keepalived.conf holds the rules, a warning on standard error says that it sets them back.
Status 0, 1 refused, 2 usage or a bad line of FILE.`,
  forms: [RULES_FORM],
  run: args =>
    onRules(apply, args, async (control, asJson) => {
      const warnings = await warningsOf(control)
      const committed = await commitRules(control)
      for (const warning of warnings) complain('apply', `warning: ${warning}`)
      return asJson ? jsonDocument('applied', committed) : `${summary(committed)}\n`
    }),
}

/** Of what is staged. Nobody else holds the rules of most directors: there no plan is made for it. */
async function warningsOf(control: Control): Promise<string[]> {
  if ((await rulesHolder(control)) === undefined) return []
  const { changes, holder } = await plannedRules(control)
  return heldWarnings(control, holder, changes)
}
