import type { Control } from '../../../control/protocol/api.js'
import { UsageError } from '../../../director/options.js'
import { refusalText } from '../../uvsadm/ask.js'
import { badLine, parsedRules, type Rule } from '../rules/parsed-rules.js'
import type { SimulatedDirector } from './simulated-director.js'

/** The marks and rules that a simulated director begins with. UsageError for the first that is wrong or refused. */
export async function beginRules(control: Control, { marks, rules }: SimulatedDirector): Promise<void> {
  for (const rule of marks) await control.call({ op: 'add-mark', rule })
  if (rules !== undefined) await carryOutRules(control, parsedRules(rules), '--rules')
}

/** Line after line, as ipvsadm -R. UsageError, after the option that named them, for the first that is wrong or refused. */
export async function carryOutRules(control: Control, rules: AsyncIterable<Rule>, option: string): Promise<void> {
  try {
    for await (const rule of rules) {
      const reply = await control.call(rule.request)
      if (!reply.ok) throw badLine(rule, refusalText(reply, rule.refusals))
    }
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${option}: ${error.message}`) : error
  }
}
