import type { ConfigDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import { unsignedOf } from '../numbers.js'
import type { Parser } from '../parser.js'
import type { RouteWords } from '../tree/vrrp.js'
import { isDestination } from './routes.js'

const VALUED = [
  'from', 'to', 'table', 'lookup', 'iif', 'dev', 'oif', 'tos', 'dsfield', 'fwmark', 'preference', 'priority', 'order', 'pref',
  'realms', 'goto', 'uidrange', 'protocol', 'ip_proto', 'ipproto', 'sport', 'dport', 'suppress_prefixlength',
  'suppress_ifgroup', 'track_group',
] // prettier-ignore
const PREFERENCES = ['preference', 'priority', 'order', 'pref']
const ALONE = ['not', 'no_track', 'inet', 'l3mdev']
const ACTIONS = ['prohibit', 'blackhole', 'unreachable', 'nop']
/** Rules without one count down from here. */
const FIRST_PREFERENCE = 16_384

/** A line of static_rules or virtual_rules: looked at as keepalived does, kept as its words. */
export function ruleOf(line: LogicalLine, config: ConfigDraft, parser: Parser): RouteWords | undefined {
  const { words } = line
  let hasAction = false
  let hasPreference = false
  for (let at = 0; at < words.length; at++) {
    const name = words[at]!
    // 2.2.7 takes what follows inet6 for its value.
    if (name === 'inet6') at++
    else if (ACTIONS.includes(name) || name === 'l3mdev') hasAction = true
    else if (VALUED.includes(name)) {
      const value = parser.needed(line, ++at)
      if ((name === 'from' || name === 'to') && value !== 'all' && !isDestination(value, parser)) {
        parser.error(`VRRP parsed invalid IP ${value}. skipping IP...`)
        parser.error(`Invalid rule ${name} address ${value}`)
        return undefined
      }
      if (!checkRange(name, value, parser)) return undefined
      if ((name === 'table' || name === 'lookup') && !isTable(value, parser)) return undefined
      hasAction ||= name === 'table' || name === 'lookup' || name === 'goto'
      hasPreference ||= PREFERENCES.includes(name)
    } else if (!ALONE.includes(name)) {
      parser.error(/^\d+$/.test(name) ? `Invalid rule action ${name}` : `Unknown rule option ${name}`)
      return undefined
    }
  }
  if (!hasAction) {
    parser.error(
      'No action specified for rule - ignoring',
      'allowed: table, lookup, goto, prohibit, blackhole, unreachable',
    )
    return undefined
  }
  if (!hasPreference) {
    const preference = FIRST_PREFERENCE - config.rulesWithoutPreference++
    parser.error(`Rule has no preference specified - setting to ${preference}. This is probably not what you want.`)
  }
  return { words }
}

function isTable(value: string, parser: Parser): boolean {
  if (/^\d+$/.test(value) || parser.surroundings.routingTable(value) !== undefined) return true
  parser.error(`Routing table ${value} not found for rule`)
  return false
}

/** False: told, and the rule is left out. */
function checkRange(name: string, value: string, parser: Parser): boolean {
  if (name === 'uidrange' && !/^\d+-\d+$/.test(value))
    parser.error('Invalid uidrange uidrange specified', 'write FIRST-LAST')
  else if ((name === 'sport' || name === 'dport') && !/^\d+-\d+$/.test(value))
    parser.error(`invalid ${name} range ${value}`, 'write FIRST-LAST')
  else if (PREFERENCES.includes(name) && unsignedOf(value, { least: 0, most: 4_294_967_295 }, parser) === undefined)
    parser.error('Invalid rule preference priority specified')
  else return true
  return false
}
