import { addressOf } from '../addresses.js'
import type { ConfigDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import type { Parser } from '../parser.js'
import type { RouteWords } from '../tree/vrrp.js'

/** uvs's own routes come from its options and from the kernel. */
export const ROUTES_NOT_DONE =
  'uvs sets no kernel routes or rules: write them for the system, or `uvs director --route`'

const TYPES = [
  'unicast',
  'local',
  'broadcast',
  'multicast',
  'anycast',
  'throw',
  'unreachable',
  'prohibit',
  'blackhole',
  'nat',
]
/** Options of one value. */
const VALUED = [
  'src', 'to', 'via', 'gw', 'dev', 'oif', 'table', 'tos', 'dsfield', 'protocol', 'proto', 'scope', 'priority', 'preference', 'metric',
  'mtu', 'hoplimit', 'advmss', 'rtt', 'rttvar', 'reordering', 'window', 'cwnd', 'ssthresh', 'realms', 'rto_min', 'initcwnd',
  'initrwnd', 'vrf', 'features', 'quickack', 'congctl', 'pref', 'fastopen_no_cookie', 'ttl-propagate', 'encap', 'expires',
  'track_group', 'nhid', 'as',
] // prettier-ignore
const ALONE = ['no_track', 'onlink', 'inet', 'inet6', 'append', 'default', 'no_scope']
/** May stand before the value: `mtu lock 1000`. */
const BEFORE_VALUE = ['lock', 'inet', 'inet6']

/** A line of static_routes or virtual_routes: looked at as keepalived does, kept as its words. */
export function routeOf(line: LogicalLine, config: ConfigDraft, parser: Parser): RouteWords | undefined {
  const { words } = line
  let hasInterface = false
  let isTracked = true
  let destination: string | undefined
  let isFine = true
  for (let at = 0; at < words.length; at++) {
    const name = words[at]!
    if (name === 'nexthop' || name === 'or') {
      if (name === 'or') parser.error('"or" for routes is deprecated. Please use "nexthop"')
      checkHops(words.slice(at + 1), config, parser)
      break
    }
    if (name === 'no_track') isTracked = false
    if (TYPES.includes(name) || ALONE.includes(name)) {
      if (name === 'default') destination = name
    } else if (VALUED.includes(name)) {
      if (name === 'gw') parser.error('"gw" for routes is deprecated. Please use "via"')
      while (BEFORE_VALUE.includes(words[at + 1] ?? '')) at++
      const value = parser.needed({ ...line, words }, ++at)
      if (name === 'dev' || name === 'oif') hasInterface = true
      if (name === 'to') destination = value
      isFine &&= checkValue(name, value, config, parser)
    } else if (destination === undefined && isPrefix(name)) destination = name
    else {
      if (destination === undefined) parser.error(`VRRP parsed invalid IP ${name}. skipping IP...`)
      parser.error(`unknown route keyword ${name}`)
      return undefined
    }
  }
  if (!isFine) return undefined
  if (destination === undefined) {
    parser.error('Route must have a destination')
    return undefined
  }
  if (isTracked && !hasInterface)
    parser.error(
      `Warning - cannot track route ${destination} with no interface specified, not tracking`,
      'add dev INTERFACE, or no_track',
    )
  return { words }
}

function checkValue(name: string, value: string, config: ConfigDraft, parser: Parser): boolean {
  if (name === 'dev' || name === 'oif') needsInterface(value, config, parser)
  else if (name === 'table' && !/^\d+$/.test(value) && parser.surroundings.routingTable(value) === undefined) {
    parser.error(
      `Routing table ${value} not found for route`,
      'allowed: a number, or a name of /etc/iproute2/rt_tables',
    )
    return false
  }
  return true
}

function checkHops(words: readonly string[], config: ConfigDraft, parser: Parser): void {
  for (let at = 0; at < words.length; at++)
    if (words[at] === 'dev' && words[at + 1] !== undefined) needsInterface(words[at + 1]!, config, parser)
}

function needsInterface(name: string, config: ConfigDraft, parser: Parser): void {
  if (parser.surroundings.hasInterface(name)) return
  config.interfaceIsMissing = true
  parser.error(`WARNING - interface ${name} for VROUTE nexthop doesn't exist`)
}

/** `A` or `A/L`. */
export function isPrefix(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/')
  const family = addressOf(address)?.family
  return (
    family !== undefined &&
    rest.length === 0 &&
    (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128)))
  )
}
