import { isFields, oneOf, type Check, type Checked, type Fields } from './check.js'
import { localAddressRules } from './local-addresses.js'
import { realServerRules } from './real-servers.js'
import { serviceRules } from './services.js'
import type { Shape } from './shape.js'

/** The operations of saved rules, and those that undo them. */
const rules = { ...serviceRules, ...realServerRules, ...localAddressRules }

type Rules = typeof rules
type RuleName = keyof Rules
export type RuleChange = { [O in RuleName]: { op: O } & Checked<Rules[O]['params']> }[RuleName]

/** The most rules in one `batch` or `stage` request. */
export const BATCH_MAX = 128

const ruleName = oneOf(...(Object.keys(rules) as RuleName[]))

export const ruleChange: Check<RuleChange> = (found, where) => {
  const op = ruleName(isFields(found) ? found['op'] : undefined, `${where}.op`)
  return { op, ...((rules[op] as Shape).check(found, where) as Fields) } as RuleChange
}

export function isRuleChange(request: { op: string }): request is RuleChange {
  return Object.hasOwn(rules, request.op)
}
