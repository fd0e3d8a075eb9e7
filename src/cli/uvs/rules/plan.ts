import { jsonDocument } from '../../json.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { withDirector } from '../with-director.js'
import { planText } from './format-plan.js'
import { onRules, RULES_FORM } from './on-rules.js'
import { KEEPALIVED_FORM, planKeepalived } from './plan-keepalived.js'
import { complain } from '../run-uvs.js'
import { heldWarnings } from './rules-holder.js'
import { plannedRules } from './rules-transaction.js'

export const plan: UvsCommand = {
  name: 'plan',
  help: `Shows what \`uvs apply FILE\` would change, and changes nothing; with --keepalived, what a SIGHUP would if its director read FILE.
A line a change: + what comes, - what goes, ~ what is edited and what it was; and the live connections, active and inactive,
of the real servers that it touches. FILE - is standard input. The director reads the FILE of --keepalived; real servers that are new count as up.
Where etcd or a keepalived.conf holds the rules, a warning on standard error says that it sets them back.
Status 0, also when there is nothing to do; 1 refused, 2 usage or a bad FILE.`,
  forms: [KEEPALIVED_FORM, RULES_FORM],
  async run(args) {
    const given = readOptions(plan, args)
    const file = given.one('--keepalived')
    if (file !== undefined) return withDirector(given, control => planKeepalived(control, file, given.has('--json')))
    return onRules(plan, args, async (control, asJson) => {
      const { changes, holder } = await plannedRules(control)
      for (const warning of await heldWarnings(control, holder, changes)) complain('plan', `warning: ${warning}`)
      return asJson ? jsonDocument('plan', changes) : planText(changes)
    })
  },
}
