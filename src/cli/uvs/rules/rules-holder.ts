import { allHealth } from '../../../control/protocol/all-health.js'
import type { Control, RulesHolder, RuleChange } from '../../../control/protocol/api.js'
import { keyText } from '../../lint/hazard.js'

/** Warns of changes that whoever holds the rules will set back, a line each. */
export async function heldWarnings(
  control: Control,
  holder: RulesHolder | undefined,
  changes: readonly { request: RuleChange }[],
): Promise<string[]> {
  if (holder === undefined || changes.length === 0) return []
  if (holder === 'etcd')
    return [
      'etcd holds the rules of this director, and sets back what is changed here: change them there, by uvs fleet apply',
    ]
  const [first, ...others] = await checked(control, changes)
  if (first === undefined) return []
  const more = others.length > 0 ? ` and ${others.length} more of these services` : ''
  return [`keepalived.conf has ${first}${more}: its checks and the next reload set what it says; change it there`]
}

/** The changed services that keepalived.conf has. */
async function checked(control: Control, changes: readonly { request: RuleChange }[]): Promise<string[]> {
  const health = await allHealth(control)
  if (!health.ok) return []
  const its = new Set(health.value.map(service => ('group' in service ? ANY : nameOf(service))))
  const changed = new Map(changes.map(({ request: { service } }) => [nameOf(service), keyText(service)]))
  // Which addresses a group of them has is not told.
  return [...changed].filter(([name]) => its.has(ANY) || its.has(name)).map(([, text]) => text)
}

const ANY = ''

function nameOf(service: RuleChange['service']): string {
  if ('mark' in service) return `fwm ${service.mark} ${service.family ?? 4}`
  return `${service.protocol} ${service.address} ${service.port}`
}
