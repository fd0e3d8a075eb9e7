import { addressOf } from '../addresses.js'
import type { Family } from '../../../wire/ip-addr.js'
import type { ConfigDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import type { Parser } from '../parser.js'
import type { RouteWords } from '../tree/vrrp.js'
import { destinationOf } from './destination.js'
import { isThere } from './named-interface.js'
import { encapOf } from './route-encap.js'
import { hopsOf } from './route-hops.js'
import { checkValue, LOCKABLE, NUMBERS } from './route-values.js'
import { areMixed, areRealms, cNumberOf, familyOf, KEEPALIVED_PROTOCOL, octetOf, tableOf } from './routing-numbers.js'
import { WordWalk } from './word-walk.js'

/** uvs's own routes come from its options and from the kernel. */
export const ROUTES_NOT_DONE =
  'uvs sets no kernel routes or rules: write them for the system, or `uvs director --route`'

/** By the kernel's numbers. */
export const ROUTE_TYPES: readonly string[] = ['', 'unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole', 'unreachable', 'prohibit', 'throw', 'nat', 'xresolve'] // prettier-ignore

/** A type by name, or any number of an octet. Undefined: another word. */
export function routeTypeOf(word: string): number | undefined {
  const named = ROUTE_TYPES.indexOf(word, 1)
  if (named > 0) return named
  const number = cNumberOf(word)
  return number !== undefined && number >= 0 && number <= 255 ? number : undefined
}

/** A line of static_routes or virtual_routes: looked at as keepalived does, kept as its words. `isStatic`: it may have a track_group. */
export function routeOf(
  line: LogicalLine,
  config: ConfigDraft,
  parser: Parser,
  isStatic = false,
): RouteWords | undefined {
  return new RouteReader(new WordWalk(line, parser), config, isStatic).read()
}

/** False: told, and the route is left out; nothing behind it is read. */
type Option = (walk: WordWalk, name: string, route: RouteReader) => boolean

class RouteReader {
  family: Family | undefined
  destination: string | undefined
  isTracked = true
  isOnInterface = false
  protocol = KEEPALIVED_PROTOCOL
  /** `or ADDRESS` was there. */
  hasOther = false

  constructor(
    private readonly walk: WordWalk,
    private readonly config: ConfigDraft,
    readonly isStatic: boolean,
  ) {}

  read(): RouteWords | undefined {
    const { walk } = this
    for (let { next } = walk; next !== undefined; next = walk.next) {
      if (next === 'nexthop') {
        this.#hops()
        break
      }
      if (!this.#option(next)) return undefined
    }
    if (this.destination === undefined) {
      walk.parser.error('Route must have a destination')
      return undefined
    }
    this.#checkTracking(this.destination)
    return { words: walk.line.words }
  }

  #option(name: string): boolean {
    const { walk } = this
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined
    if (option && (name !== 'track_group' || this.isStatic)) {
      walk.skip()
      return option(walk, name, this)
    }
    const isValued = Object.hasOwn(NUMBERS, name)
    const isType = !isValued && routeTypeOf(name) !== undefined
    if (isValued || isType) walk.skip()
    if (!isValued) return this.reach(walk.needed())
    if (LOCKABLE.has(name)) walk.takeIf('lock')
    return checkValue(name, walk.needed(), walk.parser)
  }

  #hops(): void {
    const { walk } = this
    if (!this.hasOther) hopsOf(walk, this)
    else {
      walk.parser.error('Cannot specify nexthops with "or" route')
      walk.parser.error('Route has trailing nonsense - nexthop')
    }
  }

  reach(text: string): boolean {
    const { parser } = this.walk
    const found = destinationOf(text, parser)
    if (found === undefined) {
      parser.error(`VRRP parsed invalid IP ${text}. skipping IP...`)
      parser.error(`unknown route keyword ${text}`)
      return false
    }
    if (areMixed(this.family, found.family)) {
      parser.error(`Cannot mix IPv4 and IPv6 addresses for route (${text})`)
      return false
    }
    this.family = found.family
    this.destination = text
    return true
  }

  /** Notes the family of an address that is not the destination. */
  isOf(family: Family): boolean {
    if (areMixed(this.family, family)) return false
    this.family = family
    return true
  }

  mixed(): false {
    this.walk.parser.error('Cannot mix IPv4 and IPv6 addresses for route')
    return false
  }

  hasInterface(name: string): boolean {
    return isThere(name, this.config, this.walk.parser, `WARNING - interface ${name} for VROUTE nexthop doesn't exist`)
  }
  hasTrackGroup(name: string): boolean {
    return this.config.trackGroups.has(name)
  }

  #checkTracking(destination: string): void {
    const { parser } = this.walk
    if (!this.isTracked) return
    if (this.protocol !== KEEPALIVED_PROTOCOL) {
      const said = `Route cannot be tracked if protocol is not RTPROT_KEEPALIVED(${KEEPALIVED_PROTOCOL}), resetting protocol`
      parser.error(said, 'leave protocol out, or add no_track')
    }
    if (!this.isOnInterface) {
      const said = `Warning - cannot track route ${destination} with no interface specified, not tracking`
      parser.error(said, 'add dev INTERFACE, or no_track')
    }
  }
}

const alone = (): boolean => true
const dev: Option = (walk, _name, route) => {
  route.isOnInterface = true
  return route.hasInterface(walk.needed())
}
const via: Option = (walk, name, route) => {
  const { parser, next } = walk
  if (name === 'gw') parser.error('"gw" for routes is deprecated. Please use "via"')
  const named = name !== 'src' && (next === 'inet' || next === 'inet6') ? familyOf(next) : undefined
  if (named !== undefined) walk.skip()
  const text = walk.needed()
  if (named !== undefined && !route.isOf(named)) return route.mixed()
  const family = addressOf(text)?.family
  if (family === undefined) {
    parser.error(`VRRP parsed invalid IP ${text}. skipping IP...`)
    parser.error(`invalid route ${name === 'src' ? 'src' : 'via'} address ${text}`)
    return false
  }
  return route.isOf(family) || route.mixed()
}
/** 2.2.7 takes the word behind it for its value. */
const family: Option = (walk, name, route) => {
  walk.skip()
  if (route.isOf(familyOf(name as 'inet' | 'inet6'))) return true
  walk.parser.error(`${name} specified for IPv${route.family} route`)
  return false
}
/** Of one family alone: 4 or 6. */
const only =
  (family: Family, wrong: string, option: Option): Option =>
  (walk, name, route) => {
    if (family === 4 && !option(walk, name, route)) return false
    if (!route.isOf(family)) {
      walk.parser.error(wrong)
      return false
    }
    return family === 4 || option(walk, name, route)
  }
const valued: Option = (walk, name) => checkValue(name, walk.needed(), walk.parser)

const OPTIONS: Record<string, Option> = {
  no_track(_walk, _name, route) {
    route.isTracked = false
    return true
  },
  onlink: alone,
  append: alone,
  add: alone,
  inet: family,
  inet6: family,
  to: (walk, _name, route) => route.reach(walk.needed()),
  via,
  gw: via,
  src: via,
  dev,
  oif: dev,
  pref: only(6, 'pref is only valid for IPv6', valued),
  expires: only(6, 'expires is only valid for IPv6', valued),
  realms: only(4, 'realms are only valid for IPv4', (walk, _name) => {
    const text = walk.needed()
    if (areRealms(text, walk.parser)) return true
    walk.parser.error(`Invalid realms ${text} for route`)
    return false
  }),
  table(walk) {
    const text = walk.needed()
    if (tableOf(text, walk.parser) !== undefined) return true
    const help = 'allowed: a number, or a name of /etc/iproute2/rt_tables'
    walk.parser.error(`Routing table ${text} not found for route`, help)
    return false
  },
  protocol(walk, _name, route) {
    const text = walk.needed()
    const found = octetOf(text, 'rt_protos', walk.parser)
    if (found === undefined) walk.parser.error(`Protocol ${text} not found or invalid for route`)
    else route.protocol = found
    return found !== undefined
  },
  vrf(walk) {
    const { parser } = walk
    const name = walk.needed()
    if (!parser.surroundings.hasInterface(name)) parser.error(`VRF ${name} not found for route`)
    else if (!parser.surroundings.isVrf(name)) parser.error(`Route specified VRF ${name} is not a VRF`)
    else return true
    return false
  },
  encap: encapOf,
  as(walk) {
    if (walk.needed() === 'to') walk.skip()
    walk.parser.error('"as to" for MPLS only - ignoring')
    return true
  },
  or(walk, _name, route) {
    const { parser } = walk
    parser.error('"or" for routes is deprecated. Please use "nexthop"')
    const text = walk.needed()
    if (route.hasOther) parser.error('"or" route already specified - ignoring subsequent')
    else if (addressOf(text) === undefined) {
      parser.error(`VRRP parsed invalid IP ${text}. skipping IP...`)
      parser.error(`Invalid "or" address ${text}`)
      return false
    }
    route.hasOther = true
    return true
  },
  track_group(walk, _name, route) {
    const name = walk.needed()
    if (!route.hasTrackGroup(name)) walk.parser.error(`track_group ${name} not found`)
    return true
  },
}
