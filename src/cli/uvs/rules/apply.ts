import { jsonDocument } from '../../json.js'
import type { UvsCommand } from '../command.js'
import { summary } from './format-plan.js'
import { onRules, RULES_FORM } from './on-rules.js'
import { commitRules } from './rules-transaction.js'

export const apply: UvsCommand = {
  name: 'apply',
  help: `Makes the rules those of FILE, all of them or, with one bad line, none.
FILE has lines as \`uvsadm -Sn\` prints them, empty and # lines among them; - is standard input. What is not in it is deleted;
what stays keeps connections, counters and scheduler positions. -E -e -D -d change what stands above them in FILE.
Status 0, 1 refused, 2 usage or a bad line of FILE.`,
  forms: [RULES_FORM],
  run: args =>
    onRules(apply, args, async (control, asJson) => {
      const committed = await commitRules(control)
      return asJson ? jsonDocument('applied', committed) : `${summary(committed)}\n`
    }),
}
