import { millisecondsOf, unsignedOf } from '../numbers.js'
import type { Parser } from '../parser.js'
import { octetOf } from './routing-numbers.js'

/** Looks at a value. False: told, and the route is left out. */
type Check = (value: string, parser: Parser) => boolean

const number =
  (wrong: (value: string) => string, most = 4_294_967_295): Check =>
  (value, parser) => {
    if (unsignedOf(value, { least: 0, most }, parser) !== undefined) return true
    parser.error(wrong(value))
    return false
  }
/** Milliseconds; also `20ms`, `0.5s`. */
const time =
  (wrong: (value: string) => string, mostMs: number): Check =>
  (value, parser) => {
    const [, digits = '', unit = 'ms'] = /^(.*?)(ms|s)?$/i.exec(value) ?? []
    const bounds = /^s$/i.test(unit)
      ? { least: 0, most: mostMs / 1000, places: 3 }
      : { least: 0, most: mostMs, places: 0, unit: 'milliseconds' }
    if (digits !== '' && millisecondsOf(digits, bounds, parser) !== undefined) return true
    parser.error(wrong(value), 'milliseconds, as 20 or 20ms, or seconds, as 0.5s')
    return false
  }
/** What is told of, and does not keep the rest from being read. */
const oneOf =
  (allowed: readonly string[], wrong: (value: string) => string): Check =>
  (value, parser) => {
    if (!allowed.includes(value)) parser.error(wrong(value), `allowed: ${allowed.join(', ')}`)
    return true
  }
const specified = (name: string) => (value: string) => `Invalid ${name} value ${value} specified for route`
const tos: Check = (value, parser) => {
  const isFine = octetOf(value, 'rt_dsfield', parser) !== undefined
  if (!isFine) parser.error(`TOS value ${value} is invalid`)
  return isFine
}
const metric = number(value => `Invalid metric ${value} specified for route`)
/** From `rt_scopes`, but not every name that ip(8) knows. */
const scope: Check = (value, parser) => {
  const isFine = octetOf(value, 'rt_scopes', parser) !== undefined
  if (!isFine) parser.error(`Scope ${value} not found or invalid for route`)
  return isFine
}
const flag = (name: string): Check => number(specified(name), 1)
const PREFERENCES = ['low', 'medium', 'high']
const preference = number(specified('pref'), 255)

/** Options of one value. */
export const NUMBERS: Record<string, Check> = {
  metric,
  priority: metric,
  preference: metric,
  hoplimit: number(value => `Invalid hoplimit ${value} specified for route`, 255),
  advmss: number(value => `Invalid advmss ${value} specified for route`),
  mtu: number(value => `Invalid MTU ${value} specified for route`),
  window: number(specified('window')),
  cwnd: number(specified('cwnd')),
  ssthresh: number(specified('ssthresh')),
  reordering: number(specified('reordering')),
  initcwnd: number(specified('initcwnd')),
  initrwnd: number(specified('initrwnd')),
  rtt: time(value => `Invalid rtt ${value} for route`, 960_000),
  rttvar: time(value => `Invalid rttvar ${value} for route`, 480_000),
  rto_min: time(specified('rto_min'), 120_000),
  quickack: flag('quickack'),
  fastopen_no_cookie: flag('fastopen_no_cookie'),
  'ttl-propagate': oneOf(['enabled', 'disabled'], value => `ttl-propagate value ${value} not recognised`),
  features: oneOf(['ecn'], value => `feature ${value} not supported`),
  congctl: () => true,
  tos,
  dsfield: tos,
  scope,
}

/** Of IPv6 alone. */
const OF_IPV6: Record<string, Check> = {
  pref: (value, parser) => PREFERENCES.includes(value) || preference(value, parser),
  expires: number(value => `Invalid expires time ${value} specified for route`),
}

/** `lock` may stand before the value: it is not to be changed. */
export const LOCKABLE: ReadonlySet<string> = new Set(['mtu', 'advmss', 'rtt', 'rttvar', 'reordering', 'cwnd', 'ssthresh', 'rto_min', 'congctl']) // prettier-ignore

/** False: told, and the route is left out. */
export function checkValue(name: string, value: string, parser: Parser): boolean {
  return (NUMBERS[name] ?? OF_IPV6[name])!(value, parser)
}
