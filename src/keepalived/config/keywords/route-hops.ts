import { addressOf } from '../addresses.js'
import type { Family } from '../../../wire/ip-addr.js'
import { unsignedOf } from '../numbers.js'
import { encapOf } from './route-encap.js'
import { areMixed, areRealms, familyOf } from './routing-numbers.js'
import type { WordWalk } from './word-walk.js'

/** What hops know of their route. */
export interface HopsOf {
  family: Family | undefined
  /** Tells of an interface that the host has not. */
  hasInterface(name: string): boolean
}

/** The hops of a route of several, from `nexthop` on. At what is wrong it is told, and the rest of the line is not read. */
export function hopsOf(walk: WordWalk, route: HopsOf): void {
  while (walk.takeIf('nexthop'))
    while (walk.next !== undefined && walk.next !== 'nexthop') {
      const { next } = walk
      const option = Object.hasOwn(OPTIONS, next) ? OPTIONS[next] : undefined
      if (option === undefined) {
        const help = 'behind the first nexthop stand: via, dev, weight, onlink, encap, realms'
        walk.parser.error(`Route has trailing nonsense after nexthops - ${next}`, help)
        return
      }
      walk.skip()
      if (!option(walk, route)) return
    }
}

type Option = (walk: WordWalk, route: HopsOf) => boolean

const OPTIONS: Record<string, Option> = {
  via,
  dev: (walk, route) => route.hasInterface(walk.needed()),
  onlink: () => true,
  encap: encapOf,
  weight(walk) {
    const { parser } = walk
    const text = walk.needed()
    const weight = unsignedOf(text, { least: 0, most: 256 }, parser)
    if (!weight) parser.error(`Invalid weight ${text} specified for route`, 'allowed: 1 to 256')
    return Boolean(weight)
  },
  realms(walk, route) {
    const { parser } = walk
    const text = walk.needed()
    if (!areRealms(text, parser)) parser.error(`Invalid realms ${text} for route`)
    else if (areMixed(route.family, 4)) parser.error('realms are only supported for IPv4')
    else {
      route.family = 4
      return true
    }
    return false
  },
  as(walk) {
    walk.needed()
    walk.parser.error("'as [to]' (nat) not supported")
    return false
  },
}

function via(walk: WordWalk, route: HopsOf): boolean {
  const { parser, next } = walk
  if (next === 'inet' || next === 'inet6') {
    walk.skip()
    if (areMixed(route.family, familyOf(next))) {
      parser.error('IPv4/6 mismatch for nexthop')
      return false
    }
    route.family = familyOf(next)
  }
  const text = walk.needed()
  const family = addressOf(text)?.family
  if (family === undefined) {
    parser.error(`VRRP parsed invalid IP ${text}. skipping IP...`)
    parser.error(`invalid nexthop address ${text}`)
  } else if (areMixed(route.family, family)) parser.error('Address family mismatch for next hop')
  else {
    route.family = family
    return true
  }
  return false
}
