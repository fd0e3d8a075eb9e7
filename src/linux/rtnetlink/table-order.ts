import { RouteTableId } from './route.js'
import { formatRule, type HostRule } from './rule.js'

/** The tables that any packet's route is looked for in, one after the other; and the rules that are more than that. */
export interface TableOrder {
  readonly tables: readonly number[]
  readonly others: readonly HostRule[]
}

/** Of a kernel that has no rules (CONFIG_IP_MULTIPLE_TABLES). */
const WITHOUT_RULES: TableOrder = { tables: [RouteTableId.LOCAL, RouteTableId.MAIN], others: [] }

/**
 * What rules come to for a packet that none chooses by its source, mark, interface and the like: on most hosts local, main and
 * default (ip-rule(8)). `rules`: by priority.
 */
export function tableOrder(rules: readonly HostRule[]): TableOrder {
  if (rules.length === 0) return WITHOUT_RULES
  return {
    tables: [...new Set(rules.filter(isForAll).map(({ table }) => table))],
    others: rules.filter(rule => !isForAll(rule)),
  }
}

function isForAll({ action, selectors }: HostRule): boolean {
  return action === 'lookup' && selectors.length === 0
}

/** One line for a user whose rules choose packets; undefined if there are none such. */
export function aboutOtherRules({ others }: TableOrder): string | undefined {
  if (others.length === 0) return undefined
  const named = others.slice(0, 3).map(formatRule).join('; ')
  const more = others.length > 3 ? ` and ${others.length - 3} more` : ''
  return `rules of ip-rule(8) that choose packets are not followed: ${named}${more}`
}
