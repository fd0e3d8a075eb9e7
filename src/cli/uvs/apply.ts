import type { UvsCommand } from './command.js'
import { summary } from './format-plan.js'
import { onRules } from './on-rules.js'
import { commitRules } from './rules-transaction.js'

export const apply: UvsCommand = {
  name: 'apply',
  usage: 'apply FILE|- [--json] [--control PATH]',
  help: `make the rules those of FILE, lines as \`uvsadm -Sn\` prints them, empty and # lines among them: all or nothing.
What is not in FILE is deleted; what stays keeps connections, counters and scheduler positions. -E -e -D -d
change what stands above them in FILE. Status 0, 1 refused, 2 usage or a bad line of FILE`,
  run: args =>
    onRules('apply', apply.usage, args, async control => {
      const committed = await commitRules(control)
      return { text: `${summary(committed)}\n`, json: committed }
    }),
}
