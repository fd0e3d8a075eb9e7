import type { Family } from '../../../wire/ip-addr.js'
import type { ConfigDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import { unsignedOf } from '../numbers.js'
import type { Parser } from '../parser.js'
import type { RouteWords } from '../tree/vrrp.js'
import { destinationOf } from './destination.js'
import { isThere } from './named-interface.js'
import { ROUTE_TYPES, routeTypeOf } from './routes.js'
import { areMixed, areRealms, cNumberOf, familyOf, KEEPALIVED_PROTOCOL, octetOf, tableOf } from './routing-numbers.js'
import { WordWalk } from './word-walk.js'

/** Rules without one count down from here. */
const FIRST_PREFERENCE = 16_384
const MOST_UNSIGNED = 4_294_967_295

/** A line of static_rules or virtual_rules: looked at as keepalived does, kept as its words. `isStatic`: it may have a track_group. */
export function ruleOf(
  line: LogicalLine,
  config: ConfigDraft,
  parser: Parser,
  isStatic = false,
): RouteWords | undefined {
  return new RuleReader(new WordWalk(line, parser), config, isStatic).read()
}

/** False: told, and the rule is left out; nothing behind it is read. */
type Option = (walk: WordWalk, name: string, rule: RuleReader) => boolean

class RuleReader {
  family: Family | undefined
  action: 'table' | 'l3mdev' | 'goto' | 'other' | undefined
  target = 0
  preference: number | undefined
  isTracked = true
  protocol = KEEPALIVED_PROTOCOL
  /** A realm, or something that suppresses: for tables alone. */
  isSuppressed = false

  constructor(
    private readonly walk: WordWalk,
    private readonly config: ConfigDraft,
    private readonly isStatic: boolean,
  ) {}

  read(): RouteWords | undefined {
    const { walk } = this
    for (let { next } = walk; next !== undefined; next = walk.next) {
      walk.skip()
      const option = Object.hasOwn(OPTIONS, next) ? OPTIONS[next] : undefined
      const isKnown = option !== undefined && (next !== 'track_group' || this.isStatic)
      if (!(isKnown ? option(walk, next, this) : this.act(next))) return undefined
    }
    return this.#isWhole() ? { words: walk.line.words } : undefined
  }

  #isWhole(): boolean {
    const { parser } = this.walk
    const { action, preference, target } = this
    if (action === undefined)
      parser.error(
        'No action specified for rule - ignoring',
        'allowed: table, lookup, goto, prohibit, blackhole, unreachable',
      )
    else if (action === 'goto' && preference === undefined)
      parser.error(`Invalid rule - goto target ${target} specified without preference`)
    else if (action === 'goto' && preference! >= target)
      parser.error(`Invalid rule - preference ${preference} >= goto target ${target}`)
    else if (this.isSuppressed && (action === 'goto' || action === 'other'))
      parser.error('suppressor/realm specified for non table action - skipping')
    else {
      if (this.isTracked && this.protocol !== KEEPALIVED_PROTOCOL) parser.error(UNTRACKED, 'leave protocol out, or add no_track') // prettier-ignore
      if (preference === undefined) {
        const given = FIRST_PREFERENCE - this.config.rulesWithoutPreference++
        parser.error(`Rule has no preference specified - setting to ${given}. This is probably not what you want.`)
      }
      return true
    }
    return false
  }

  /** `blackhole`, `type prohibit`, `7`: of the types of routes, three are actions. */
  act(word: string): boolean {
    const { parser } = this.walk
    const type = word === 'nop' ? 0 : routeTypeOf(word)
    if (type === undefined) parser.error(`Unknown rule option ${word}`)
    else if (word !== 'nop' && !ACTIONS.includes(ROUTE_TYPES[type] ?? '')) parser.error(`Invalid rule action ${word}`)
    else return this.take('other', 'table/nop/goto/blackhole/prohibit/unreachable/l3mdev')
    return false
  }

  take(action: 'table' | 'goto' | 'other', among: string): boolean {
    if (this.action !== undefined) {
      this.walk.parser.error(`Cannot specify more than one of ${among} for rule`)
      return false
    }
    this.action = action
    return true
  }

  /** `realms`, and what suppresses. */
  suppress(): true {
    this.isSuppressed = true
    return true
  }

  hasInterface(name: string): boolean {
    return isThere(name, this.config, this.walk.parser, `WARNING - interface ${name} for rule doesn't exist`)
  }
  hasTrackGroup(name: string): boolean {
    return this.config.trackGroups.has(name)
  }
}

const ACTIONS = ['blackhole', 'unreachable', 'prohibit']
const UNTRACKED = `Rule cannot be tracked if protocol is not RTPROT_KEEPALIVED(${KEEPALIVED_PROTOCOL}), resetting protocol`

/** Tells what is wrong. */
function wrong({ parser }: WordWalk, text: string, help?: string): false {
  parser.error(text, help)
  return false
}
const numberOf = (walk: WordWalk, text: string, most = MOST_UNSIGNED): number | undefined =>
  unsignedOf(text, { least: 0, most }, walk.parser)

const address: Option = (walk, name, rule) => {
  const text = walk.needed()
  const found = destinationOf(text, walk.parser)
  if (found === undefined) {
    walk.parser.error(`VRRP parsed invalid IP ${text}. skipping IP...`)
    return wrong(walk, `Invalid rule ${name} address ${text}`)
  }
  if (areMixed(rule.family, found.family)) return wrong(walk, 'rule specification has mixed IPv4 and IPv6')
  rule.family = found.family
  return true
}
const table: Option = (walk, _name, rule) => {
  const text = walk.needed()
  const found = tableOf(text, walk.parser)
  if (found === undefined) return wrong(walk, `Routing table ${text} not found for rule`)
  if (found === 0) return wrong(walk, 'Table 0 is not valid')
  return rule.take('table', 'table/nop/goto/blackhole/prohibit/unreachable')
}
const device: Option = (walk, _name, rule) => rule.hasInterface(walk.needed())
const tos: Option = walk => {
  const text = walk.needed()
  return octetOf(text, 'rt_dsfield', walk.parser) !== undefined || wrong(walk, `TOS value ${text} is invalid`)
}
const preference: Option = (walk, name, rule) => {
  const found = numberOf(walk, walk.needed())
  if (found === undefined) return wrong(walk, `Invalid rule preference ${name} specified`)
  rule.preference = found
  return true
}
/** 2.2.7 takes the word behind it for its value. */
const family: Option = (walk, name, rule) => {
  const own = familyOf(name as 'inet' | 'inet6')
  walk.skip()
  if (areMixed(rule.family, own)) return wrong(walk, `${name} specified for IPv${rule.family} rule`)
  rule.family = own
  return true
}
/** What is wrong is told, and does not keep the rest from being read. */
const ports: Option = (walk, name) => {
  const text = walk.needed()
  if (!/^\d+-\d+/.test(text)) wrong(walk, `invalid ${name} range ${text}`, 'write FIRST-LAST')
  return true
}
const suppressPrefix: Option = (walk, name, rule) =>
  numberOf(walk, walk.needed()) === undefined
    ? wrong(walk, `Invalid suppress_prefixlength ${name} specified`)
    : rule.suppress()
const suppressGroup: Option = (walk, _name, rule) => {
  const text = walk.needed()
  const group = cNumberOf(text) ?? walk.parser.surroundings.routingNumber('group', text) ?? -1
  return group < 0 ? wrong(walk, `suppress_group ${text} is invalid`) : rule.suppress()
}
const alone = (): boolean => true

const OPTIONS: Record<string, Option> = {
  not: alone,
  no_track(_walk, _name, rule) {
    rule.isTracked = false
    return true
  },
  from: address,
  to: address,
  table,
  lookup: table,
  iif: device,
  dev: device,
  oif: device,
  tos,
  dsfield: tos,
  preference,
  priority: preference,
  order: preference,
  inet: family,
  inet6: family,
  sport: ports,
  dport: ports,
  suppress_prefixlength: suppressPrefix,
  sup_pl: suppressPrefix,
  suppress_ifgroup: suppressGroup,
  sup_group: suppressGroup,
  type: (walk, _name, rule) => rule.act(walk.needed()),
  fwmark(walk) {
    const text = walk.needed()
    const [mark = '', mask = ''] = text.split('/')
    const isFine = text.split('/').length <= 2 && [mark, mask].every(part => part === '' || isMark(part))
    return isFine || wrong(walk, `Invalid rule fwmark ${text} specified`, 'write MARK or MARK/MASK')
  },
  realms(walk, _name, rule) {
    const text = walk.needed()
    if (!areRealms(text, walk.parser)) return wrong(walk, `invalid realms ${text} for rule`)
    if (areMixed(rule.family, 4)) return wrong(walk, 'realms is only valid for IPv4')
    rule.family = 4
    return rule.suppress()
  },
  goto(walk, _name, rule) {
    const target = numberOf(walk, walk.needed())
    if (target === undefined) return wrong(walk, 'Invalid target goto specified')
    rule.target = target
    return rule.take('goto', 'table/nop/goto/blackhole/prohibit/unreachable/l3mdev')
  },
  l3mdev(walk, _name, rule) {
    if (rule.action !== undefined) return wrong(walk, 'Cannot specify l3mdev with other action')
    rule.action = 'l3mdev'
    return true
  },
  uidrange(walk) {
    return /^\d+-\d+/.test(walk.needed()) || wrong(walk, 'Invalid uidrange uidrange specified', 'write FIRST-LAST')
  },
  protocol(walk, _name, rule) {
    const text = walk.needed()
    const found = numberOf(walk, text, 255)
    if (found === undefined) wrong(walk, `Invalid protocol ${text}`)
    else rule.protocol = found
    return true
  },
  ipproto(walk) {
    const text = walk.needed()
    if (octetOf(text, 'protocols', walk.parser) === undefined) wrong(walk, `Invalid ipproto ${text}`)
    return true
  },
  track_group(walk, _name, rule) {
    const name = walk.needed()
    if (!rule.hasTrackGroup(name)) wrong(walk, `track_group ${name} not found`)
    return true
  },
}

function isMark(text: string): boolean {
  const number = cNumberOf(text)
  return number !== undefined && number >= 0 && number <= MOST_UNSIGNED
}
