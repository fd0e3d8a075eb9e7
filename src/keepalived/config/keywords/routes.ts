import { addressOf } from '../addresses.js'
import type { ConfigDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import { unsignedOf } from '../numbers.js'
import type { Parser } from '../parser.js'
import type { RouteWords } from '../tree/vrrp.js'
import { isThere } from './named-interface.js'

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
  'xresolve',
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
    if (isType(name)) {
      const value = parser.needed({ ...line, words }, at + 1)
      if (!isDestination(value, parser)) return unknown(value, parser)
      destination = value
      at++
    } else if (ALONE.includes(name)) {
      if (name === 'default') destination = name
    } else if (VALUED.includes(name)) {
      if (name === 'gw') parser.error('"gw" for routes is deprecated. Please use "via"')
      while (BEFORE_VALUE.includes(words[at + 1] ?? '')) at++
      const value = parser.needed({ ...line, words }, ++at)
      if (name === 'dev' || name === 'oif') hasInterface = true
      if (name === 'to') {
        if (!isDestination(value, parser)) return unknown(value, parser)
        destination = value
      }
      isFine &&= checkValue(name, value, config, parser)
    } else if (isDestination(name, parser)) destination = name
    else return unknown(name, parser)
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

/** A route's type, by name or number (C's notations); its destination must follow. */
function isType(word: string): boolean {
  if (TYPES.includes(word)) return true
  const [, hex, octal, decimal] = /^\+?(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9]\d*))$/i.exec(word) ?? []
  const number = hex ? Number.parseInt(hex, 16) : octal ? Number.parseInt(octal, 8) : Number(decimal)
  return number <= 255
}

/** `default`, or an address; of a bad prefix length something is said, and the whole address counts. The last one counts. */
export function isDestination(text: string, parser: Parser): boolean {
  if (text === 'default') return true
  const slash = text.indexOf('/')
  const family = addressOf(slash < 0 ? text : text.slice(0, slash))?.family
  if (family === undefined) return false
  const most = family === 4 ? 32 : 128
  if (slash >= 0 && unsignedOf(text.slice(slash + 1), { least: 0, most }, parser) === undefined)
    parser.error(`Invalid address prefix len ${text.slice(slash + 1)} for address ${text} - using ${most}`)
  return true
}

/** A word that is neither an option nor a destination: the route is left out. */
function unknown(word: string, parser: Parser): undefined {
  parser.error(`VRRP parsed invalid IP ${word}. skipping IP...`)
  parser.error(`unknown route keyword ${word}`)
}

/** What is said of a number that is none, by option. */
const NUMBERS: Record<string, (text: string) => string> = {
  metric: text => `Invalid metric ${text} specified for route`,
  priority: text => `Invalid metric ${text} specified for route`,
  preference: text => `Invalid metric ${text} specified for route`,
  hoplimit: text => `Invalid hoplimit ${text} specified for route`,
  advmss: text => `Invalid advmss ${text} specified for route`,
  mtu: text => `Invalid MTU ${text} specified for route`,
  rto_min: text => `Invalid rto_min value ${text} specified for route`,
  window: text => `Invalid window value ${text} specified for route`,
  initcwnd: text => `Invalid initcwnd value ${text} specified for route`,
  initrwnd: text => `Invalid initrwnd value ${text} specified for route`,
}

/** False: the route is left out. */
function checkValue(name: string, value: string, config: ConfigDraft, parser: Parser): boolean {
  const bad = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined
  if (bad !== undefined) {
    const most = name === 'hoplimit' ? 255 : 4_294_967_295
    if (unsignedOf(value, { least: 0, most }, parser) === undefined) parser.error(bad(value))
  } else if (name === 'dev' || name === 'oif') needsInterface(value, config, parser)
  else if (name === 'via' || name === 'gw' || name === 'src') {
    const address = value === 'inet' || value === 'inet6' || addressOf(value) !== undefined
    if (address) return true
    parser.error(`VRRP parsed invalid IP ${value}. skipping IP...`)
    parser.error(`invalid route ${name === 'src' ? 'src' : 'via'} address ${value}`)
    return false
  } else if (name === 'table' && !isTable(value, parser)) {
    parser.error(
      `Routing table ${value} not found for route`,
      'allowed: a number, or a name of /etc/iproute2/rt_tables',
    )
    return false
  } else if (name === 'vrf' && !parser.surroundings.hasInterface(value))
    parser.error(`VRF ${value} not found for route`)
  else if (name === 'scope' && !/^(global|universe|nowhere|host|link|site|\d{1,3})$/.test(value))
    parser.error(`Scope ${value} not found or invalid for route`)
  else if ((name === 'tos' || name === 'dsfield') && !/^(0x[0-9a-f]{1,2}|\d{1,2}|1\d\d|2[0-4]\d|25[0-5])$/i.test(value))
    parser.error(`TOS value ${value} is invalid`)
  return true
}

function isTable(value: string, parser: Parser): boolean {
  return /^\d+$/.test(value) || parser.surroundings.routingTable(value) !== undefined
}

/** The hops of a route of several. */
function checkHops(words: readonly string[], config: ConfigDraft, parser: Parser): void {
  for (let at = 0; at < words.length; at++) {
    const [name, value] = [words[at], words[at + 1]]
    if (value === undefined) return
    if (name === 'dev') needsInterface(value, config, parser)
    if (name !== 'via' || value === 'inet' || value === 'inet6' || addressOf(value)) continue
    parser.error(`VRRP parsed invalid IP ${value}. skipping IP...`)
    parser.error(`invalid nexthop address ${value}`)
  }
}

function needsInterface(name: string, config: ConfigDraft, parser: Parser): void {
  isThere(name, config, parser, `WARNING - interface ${name} for VROUTE nexthop doesn't exist`)
}
