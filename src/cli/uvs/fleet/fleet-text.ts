import type { Committed } from '../../../control/protocol/api.js'
import { keyShown } from '../../../fleet/write/raced.js'
import { countsText, formatPlan } from '../rules/format-plan.js'
import type { FleetPlan } from './plan-fleet.js'

/** The changes as `uvs plan` shows them, a line each; what else changes; and what they come to. */
export function fleetPlanText(plan: FleetPlan): string {
  const { changes, write } = plan
  const count = changes.length === 1 ? '1 change' : `${changes.length} changes`
  const keys = write.puts.length + write.deletes.length
  const sum = keys === 0 ? 'nothing to do' : `${count}, ${keys === 1 ? '1 key' : `${keys} keys`}`
  return `${formatPlan(changes)}${besides(plan)}${sum}; revision ${plan.revision}\n`
}

/** What was written: `2 services added, 1 real server changed; revision 18`. */
export function appliedText(counts: Committed['changes'], plan: FleetPlan, revision: number): string {
  const keys = plan.write.puts.length + plan.write.deletes.length
  const text = countsText(counts) || (keys === 0 ? 'nothing to do' : 'no rule changed')
  return `${besides(plan)}${text}; revision ${revision}\n`
}

function besides({ broken, movesRules }: FleetPlan): string {
  const lines = broken.map(({ key, why, isReplaced }) => {
    return `! ${keyShown(key)}: ${isReplaced ? 'written anew' : 'deleted'}, for it was refused: ${why}`
  })
  if (movesRules) lines.push('! rules: deleted, its services have keys of their own')
  return lines.map(line => `${line}\n`).join('')
}
