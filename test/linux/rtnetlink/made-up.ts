import * as fc from '../../support/properties.js'
import type { HostLink } from '../../../src/linux/rtnetlink/link.js'
import type { NextHop } from '../../../src/linux/rtnetlink/next-hop.js'
import type { HostRoute, RouteType } from '../../../src/linux/rtnetlink/route.js'
import type { HostRule } from '../../../src/linux/rtnetlink/rule.js'
import type { HostSnapshot } from '../../../src/linux/rtnetlink/snapshot.js'
import { parseCidr, parseIpv4, type Ipv4Addr } from '../../../src/wire/addr.js'

/* Snapshots that no kernel told, in words like those of ip(8). */

const TYPES = ['local', 'broadcast', 'blackhole', 'unreachable', 'prohibit', 'throw']

/** '[TYPE] CIDR [table N] [metric N] [tos N] [mtu N] [src A] [nhid N]', and for each hop '[via A] dev INDEX [weight N] [needs WORD]'. */
export function route(text: string): HostRoute {
  const words = text.split(' ')
  const type = TYPES.includes(words[0]!) ? (words.shift() as RouteType) : 'unicast'
  const to = parseCidr(words.shift()!)!
  const [attributes, ...hops] = splitHops(words)
  const number = (name: string): number | undefined => numberIn(attributes!, name)
  const src = wordIn(attributes!, 'src')
  return {
    table: number('table') ?? 254,
    to,
    type,
    metric: number('metric') ?? 0,
    tos: number('tos') ?? 0,
    scope: 0,
    mtu: number('mtu'),
    preferredSource: src === undefined ? undefined : parseIpv4(src),
    nextHops: hops.map(hopOf),
    nextHopId: number('nhid'),
  }
}

/** The words of the route, then those of each of its hops, which begin with 'via', or 'dev' without. */
function splitHops(words: readonly string[]): string[][] {
  const parts: string[][] = [[]]
  const ofHop = new Set(['via', 'dev', 'weight', 'needs'])
  for (let i = 0; i < words.length; i += 2) {
    const [name, value] = [words[i]!, words[i + 1]!]
    const last = parts.at(-1)!
    if (!ofHop.has(name)) parts[0]!.push(name, value)
    else if (name === 'via' || (name === 'dev' && (parts.length === 1 || last.includes('dev'))))
      parts.push([name, value])
    else last.push(name, value)
  }
  return parts
}

function hopOf(words: readonly string[]): NextHop {
  const gateway = wordIn(words, 'via')
  return {
    gateway: gateway === undefined ? undefined : parseIpv4(gateway),
    link: numberIn(words, 'dev')!,
    weight: numberIn(words, 'weight') ?? 1,
    isOnLink: false,
    needs: wordIn(words, 'needs') as NextHop['needs'],
  }
}
export const hop = (text: string): NextHop => hopOf(text.split(' '))

function wordIn(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name)
  return at < 0 ? undefined : words[at + 1]
}
function numberIn(words: readonly string[], name: string): number | undefined {
  const word = wordIn(words, name)
  return word === undefined ? undefined : Number(word)
}

export function link(index: number, changes: Partial<HostLink> = {}): HostLink {
  return {
    index,
    name: `eth${index}`,
    mac: { hi: 0x0200, lo: index },
    mtu: 1500,
    isUp: true,
    hasCarrier: true,
    isLoopback: false,
    kind: undefined,
    master: undefined,
    portOf: undefined,
    ...changes,
  }
}

export function lookup(priority: number, table: number, ...selectors: string[]): HostRule {
  return { priority, action: 'lookup', table, selectors }
}
export const STANDARD_RULES = [lookup(0, 255), lookup(32_766, 254), lookup(32_767, 253)]

/** Links 1 (up), 2 (up), 3 (no carrier), 4 (down), unless others are given. */
export function snapshot(changes: Partial<HostSnapshot>): HostSnapshot {
  return {
    links: [
      link(1),
      link(2, { mtu: 9000 }),
      link(3, { hasCarrier: false }),
      link(4, { isUp: false, hasCarrier: false }),
    ],
    addresses: [],
    routes: [],
    rules: STANDARD_RULES,
    nextHops: [],
    neighbours: [],
    ...changes,
  }
}

const anyHop = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 9 }))
  .map(([gateway, index, odd]) => hop(`via 10.0.0.${gateway} dev ${index}${odd === 0 ? ' needs IPv6' : ''}`))
const anyRoute = fc
  .record({
    type: fc.constantFrom('unicast', 'unicast', 'unicast', 'throw', 'blackhole', 'local'),
    table: fc.constantFrom(255, 254, 253, 100),
    addr: fc.constantFrom('10.0.0.0', '10.0.0.4', '10.0.0.9', '10.0.1.0', '11.0.0.0'),
    prefix: fc.constantFrom(0, 7, 8, 24, 29, 30, 32),
    metric: fc.integer({ min: 0, max: 2 }),
    tos: fc.constantFrom(0, 0, 0, 0, 16),
    hops: fc.array(anyHop, { minLength: 1, maxLength: 2 }),
  })
  .map(({ type, table, addr, prefix, metric, tos, hops }) => {
    const to = parseCidr(`${addr}/${prefix}`)!
    const made = route(
      `${type === 'unicast' ? '' : `${type} `}${addr}/${prefix} table ${table} metric ${metric} tos ${tos}`,
    )
    const block = { ...to, addr: (to.addr & to.mask) as Ipv4Addr }
    return { ...made, to: block, nextHops: type === 'unicast' ? hops : type === 'local' ? [hop('dev 1')] : [] }
  })
const anyRules = fc
  .uniqueArray(fc.constantFrom(255, 254, 253, 100), { maxLength: 4 })
  .chain(tables => fc.tuple(fc.constant(tables), fc.nat(9)))
  .map(([tables, odd]) => [
    ...(odd === 0 ? [lookup(0, 100, 'fwmark 0x1')] : []),
    ...tables.map((table, i) => lookup(i + 1, table)),
    lookup(9, 254, 'oif eth9'),
  ])
const anyLinks = fc.uniqueArray(
  fc
    .tuple(
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      fc.boolean(),
      fc.constantFrom(1400, 1500),
    )
    .map(([index, name, hasCarrier, mtu]) => link(index, { name, hasCarrier, mtu })),
  { comparator: (a, b) => a.index === b.index || a.name === b.name, maxLength: 6 },
)
const anyAddress = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), fc.constantFrom(24, 32))
  .map(([index, low, prefix]) => ({
    ...parseCidr(`10.0.0.${low}/${prefix}`)!,
    link: index,
    peer: undefined,
    scope: 0,
    flags: 0,
    broadcast: undefined,
    label: undefined,
  }))
const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Of few addresses, links and tables, so that they meet. */
export const anySnapshot: fc.Arbitrary<HostSnapshot> = fc.record({
  links: anyLinks,
  addresses: fc.uniqueArray(anyAddress, { comparator: isEqual, maxLength: 5 }),
  routes: fc.uniqueArray(anyRoute, { comparator: isEqual, maxLength: 12 }),
  rules: anyRules,
  nextHops: fc.constant([]),
  neighbours: fc.constant([]),
})
