import * as fc from '../../support/properties.js'
import t from 'tap'
import { effectiveRoutes, unusableRoutes, type EffectiveRoute } from '../../../src/linux/rtnetlink/effective-routes.js'
import { localAddresses } from '../../../src/linux/rtnetlink/local-addresses.js'
import type { HostRoute } from '../../../src/linux/rtnetlink/route.js'
import type { HostSnapshot } from '../../../src/linux/rtnetlink/snapshot.js'
import { aboutOtherRules, tableOrder } from '../../../src/linux/rtnetlink/table-order.js'
import { formatIpv4, maskOf, type Cidr, type Ipv4Addr } from '../../../src/wire/addr.js'
import { anySnapshot, hop, link, lookup, route, snapshot, STANDARD_RULES } from './made-up.js'

function line({ to, type, metric, hops }: EffectiveRoute): string {
  const leads = hops.map(
    ({ gateway, linkName, mtu, weight }) =>
      ` > ${gateway === undefined ? '' : `${formatIpv4(gateway)} `}${linkName} mtu ${mtu}${weight > 1 ? ` weight ${weight}` : ''}`,
  )
  return `${block(to)} ${type}${metric > 0 ? ` metric ${metric}` : ''}${leads.join('')}`
}
function block({ addr, prefix }: Cidr): string {
  return `${formatIpv4(addr)}/${prefix}`
}
function lines(changes: Partial<HostSnapshot>): string[] {
  return effectiveRoutes(snapshot(changes)).map(line)
}
const routes = (...texts: string[]): HostRoute[] => texts.map(route)

t.test('the least metric, then the first, and the longest prefixes first', async t => {
  const all = routes(
    '0.0.0.0/0 via 10.0.0.9 dev 1 metric 5',
    '0.0.0.0/0 via 10.0.0.8 dev 1 metric 2',
    '0.0.0.0/0 via 10.0.0.7 dev 1 metric 2',
    '10.0.0.0/24 dev 1',
    'blackhole 10.5.0.0/16',
    'unreachable 10.6.0.0/16 metric 4278198272',
    'prohibit 10.7.0.0/16',
  )
  t.strictSame(lines({ routes: all }), [
    '10.0.0.0/24 unicast > eth1 mtu 1500',
    '10.5.0.0/16 blackhole',
    '10.6.0.0/16 unreachable metric 4278198272',
    '10.7.0.0/16 prohibit',
    '0.0.0.0/0 unicast metric 2 > 10.0.0.8 eth1 mtu 1500',
  ])
})

t.test('not by a link that is down or has no carrier', async t => {
  const defaults = routes(
    '0.0.0.0/0 via 10.0.4.9 dev 4 metric 1',
    '0.0.0.0/0 via 10.0.3.9 dev 3 metric 2',
    '0.0.0.0/0 via 10.0.1.9 dev 1 metric 3',
  )
  t.strictSame(lines({ routes: defaults }), ['0.0.0.0/0 unicast metric 3 > 10.0.1.9 eth1 mtu 1500'])
  t.strictSame(lines({ routes: defaults.slice(0, 2) }), [])
  t.strictSame(lines({ routes: routes('0.0.0.0/0 via 10.0.9.9 dev 9') }), [], 'nor by one that is not there')
  const both = routes('0.0.0.0/0 via 10.0.3.9 dev 3 weight 9 via 10.0.1.9 dev 1 weight 3 via 10.0.2.9 dev 2')
  t.strictSame(lines({ routes: both }), [
    '0.0.0.0/0 unicast > 10.0.1.9 eth1 mtu 1500 weight 3 > 10.0.2.9 eth2 mtu 9000',
  ])
})

t.test('the MTU of the route, if it is less than the link’s', async t => {
  const all = routes(
    '10.1.0.0/16 via 10.0.0.9 dev 1 mtu 1400',
    '10.2.0.0/16 via 10.0.0.9 dev 1 mtu 9000',
    '10.3.0.0/16 mtu 4000 via 10.0.0.9 dev 1 via 10.0.2.9 dev 2',
  )
  t.strictSame(lines({ routes: all }), [
    '10.1.0.0/16 unicast > 10.0.0.9 eth1 mtu 1400',
    '10.2.0.0/16 unicast > 10.0.0.9 eth1 mtu 1500',
    '10.3.0.0/16 unicast > 10.0.0.9 eth1 mtu 1500 > 10.0.2.9 eth2 mtu 4000',
  ])
})

t.test('a gateway that is the host itself: the destination is on the link', async t => {
  const [own, default_] = ['local 10.0.0.1/32 dev 1 table 255', '0.0.0.0/0 via 10.0.0.1 dev 1']
  t.strictSame(lines({ routes: routes(own, default_) }), [
    '10.0.0.1/32 local > eth1 mtu 1500',
    '0.0.0.0/0 unicast > eth1 mtu 1500',
  ])
  const onLink = { ...route(default_), nextHops: [{ ...hop('via 10.0.0.1 dev 1'), isOnLink: true }] }
  t.strictSame(lines({ routes: [route(own), onLink] }).slice(1), ['0.0.0.0/0 unicast > 10.0.0.1 eth1 mtu 1500'])
  const elsewhere = route('local 10.0.0.1/32 dev 1 table 100')
  t.strictSame(lines({ routes: [elsewhere, route(default_)] }), ['0.0.0.0/0 unicast > 10.0.0.1 eth1 mtu 1500'])
})

t.test('routes that uvs cannot go', async t => {
  const all = routes(
    '10.1.0.0/16 dev 1 needs IPv6',
    '10.2.0.0/16 via 10.0.0.9 dev 1 needs encapsulation',
    '10.3.0.0/16 via 10.0.0.9 dev 1 tos 16',
    '10.4.0.0/16 dev 1 needs IPv6 via 10.0.0.9 dev 1',
    '10.5.0.0/16 dev 1 needs IPv6 table 100',
    '10.6.0.0/16 dev 1',
  )
  t.strictSame(lines({ routes: all }), [
    '10.4.0.0/16 unicast > 10.0.0.9 eth1 mtu 1500',
    '10.6.0.0/16 unicast > eth1 mtu 1500',
  ])
  t.strictSame(
    unusableRoutes(snapshot({ routes: all })).map(({ route: { to }, needs }) => `${block(to)} ${needs}`),
    ['10.1.0.0/16 IPv6', '10.2.0.0/16 encapsulation', '10.3.0.0/16 TOS', '10.4.0.0/16 IPv6'],
  )
})

t.test('next hop objects', async t => {
  const nextHops = [
    { id: 1, hop: hop('via 10.0.0.7 dev 1'), group: [], isBlackhole: false },
    { id: 2, hop: hop('via 10.0.0.8 dev 2'), group: [], isBlackhole: false },
    {
      id: 3,
      hop: undefined,
      group: [
        { id: 1, weight: 3 },
        { id: 2, weight: 1 },
        { id: 9, weight: 1 },
      ],
      isBlackhole: false,
    },
    { id: 4, hop: undefined, group: [], isBlackhole: true },
  ]
  const all = routes(
    '10.1.0.0/16 nhid 1',
    '10.2.0.0/16 nhid 3',
    'blackhole 10.3.0.0/16 nhid 4',
    '10.4.0.0/16 nhid 9',
    '10.5.0.0/16 nhid 1 via 10.0.0.1 dev 2',
  )
  t.strictSame(lines({ routes: all, nextHops }), [
    '10.1.0.0/16 unicast > 10.0.0.7 eth1 mtu 1500',
    '10.2.0.0/16 unicast > 10.0.0.7 eth1 mtu 1500 weight 3 > 10.0.0.8 eth2 mtu 9000',
    '10.3.0.0/16 blackhole',
    '10.5.0.0/16 unicast > 10.0.0.1 eth2 mtu 9000',
  ])
})

t.test('tables that are asked before main', async t => {
  const rules = [lookup(0, 255), lookup(100, 7), lookup(200, 8, 'fwmark 0x1'), lookup(32_766, 254)]
  const all = routes(
    '10.0.0.0/8 via 10.0.0.9 dev 1',
    '10.1.0.0/16 via 10.0.0.8 dev 1',
    '0.0.0.0/0 via 10.0.0.7 dev 1',
    '10.1.0.0/16 via 10.0.0.6 dev 1 table 7',
    'throw 10.1.2.0/24 table 7',
    '10.1.2.3/32 via 10.0.0.5 dev 1 table 7',
    '10.1.3.0/24 via 10.0.0.4 dev 1',
    '10.1.2.128/25 via 10.0.0.3 dev 1',
    'throw 10.9.0.0/16 table 7',
    '10.9.9.0/24 via 10.0.0.2 dev 1 table 8',
  )
  t.strictSame(lines({ routes: all, rules }), [
    '10.1.2.3/32 unicast > 10.0.0.5 eth1 mtu 1500',
    '10.1.2.128/25 unicast > 10.0.0.3 eth1 mtu 1500',
    '10.1.2.0/24 unicast > 10.0.0.8 eth1 mtu 1500',
    '10.1.0.0/16 unicast > 10.0.0.6 eth1 mtu 1500',
    '10.9.0.0/16 unicast > 10.0.0.9 eth1 mtu 1500',
    '10.0.0.0/8 unicast > 10.0.0.9 eth1 mtu 1500',
    '0.0.0.0/0 unicast > 10.0.0.7 eth1 mtu 1500',
  ])
  t.strictSame(
    lines({ routes: routes('throw 10.0.0.0/8', '0.0.0.0/0 via 10.0.0.7 dev 1') }),
    ['10.0.0.0/8 unreachable', '0.0.0.0/0 unicast > 10.0.0.7 eth1 mtu 1500'],
    'there is no table behind it',
  )
})

t.test('rules', async t => {
  t.strictSame(tableOrder(STANDARD_RULES), { tables: [255, 254, 253], others: [] })
  t.strictSame(tableOrder([]), { tables: [255, 254], others: [] }, 'a kernel without them')
  t.equal(aboutOtherRules(tableOrder(STANDARD_RULES)), undefined)
  const others = [
    lookup(10, 100, 'from 10.0.0.0/8'),
    { priority: 20, action: 'prohibit', table: 0, selectors: ['iif eth9'] } as const,
    { priority: 30, action: 'unreachable', table: 0, selectors: [] } as const,
    lookup(40, 254, 'suppress_prefixlength 0'),
  ]
  const order = tableOrder([lookup(0, 255), ...others, lookup(50, 7), lookup(60, 7), lookup(32_766, 254)])
  t.strictSame(order, { tables: [255, 7, 254], others })
  const about = 'rules of ip-rule(8) that choose packets are not followed: '
  t.equal(
    aboutOtherRules(order),
    `${about}10: from 10.0.0.0/8 lookup 100; 20: iif eth9 prohibit; 30: from all unreachable and 1 more`,
  )
  t.equal(aboutOtherRules({ tables: [], others: [others[3]!] }), `${about}40: suppress_prefixlength 0 lookup main`)
})

t.test('what is the host’s own', async t => {
  const all = routes(
    'local 127.0.0.0/8 dev 9 table 255',
    'local 10.0.0.1/32 dev 4 table 255',
    'local 10.64.0.0/10 dev 9 table 255',
    'broadcast 10.0.0.255/32 dev 1 table 255',
    'local 10.0.0.2/32 dev 1 table 100',
    '10.0.0.0/24 dev 1',
    '10.64.1.0/24 dev 1',
  )
  const links = [link(1), link(4, { isUp: false, hasCarrier: false }), link(9, { name: 'lo' })]
  const effective = effectiveRoutes(snapshot({ links, routes: all }))
  const { own, broadcasts } = localAddresses(effective)
  t.strictSame(
    own.map(each => `${block(each)} ${each.linkName}`),
    ['10.0.0.1/32 eth4', '10.64.0.0/10 lo', '127.0.0.0/8 lo'],
    'those of a link that is down, too',
  )
  t.strictSame(
    broadcasts.map(each => `${block(each)} ${each.linkName}`),
    ['10.0.0.255/32 eth1'],
  )
  t.notOk(
    effective.some(({ to }) => block(to) === '10.64.1.0/24'),
    'main is not asked for what is local',
  )
})

/** Slow and plain: rule by rule, all routes of the table. */
function lookUpSlowly(dst: number, { routes: all, rules, links }: HostSnapshot): string {
  const asked = rules.filter(({ selectors }) => selectors.length === 0).map(({ table }) => table)
  const own = all.filter(({ type, table }) => type === 'local' && asked.includes(table))
  const isOwn = (addr = 0): boolean => own.some(({ to }) => (addr & to.mask) === to.addr)
  const isUp = (index: number): boolean => links.some(each => each.index === index && each.hasCarrier)
  for (const { selectors, table } of rules) {
    if (selectors.length > 0) continue
    const found = all
      .filter(each => each.table === table && each.tos === 0 && (dst & maskOf(each.to.prefix)) === each.to.addr)
      .filter(each => each.type !== 'unicast' || each.nextHops.some(each => isUp(each.link) && !each.needs))
      .sort((a, b) => b.to.prefix - a.to.prefix || a.metric - b.metric)[0]
    if (found === undefined || found.type === 'throw') continue
    const gateways = found.nextHops
      .filter(each => found.type !== 'unicast' || (isUp(each.link) && !each.needs))
      .map(({ gateway }) => (isOwn(gateway) ? undefined : gateway))
    return `${found.type} ${gateways.join()}`
  }
  return 'unreachable '
}
function lookUp(dst: number, effective: readonly EffectiveRoute[]): string {
  const found = effective.find(({ to }) => (dst & to.mask) === (to.addr & to.mask))
  return found ? `${found.type} ${found.hops.map(({ gateway }) => gateway).join()}` : 'unreachable '
}

t.test('the routes agree with asking rule by rule', async () => {
  fc.assert(
    fc.property(anySnapshot, made => {
      const effective = effectiveRoutes(made)
      for (let low = 0; low < 16; low++)
        for (const dst of [(10 << 24) | low, (10 << 24) | 0x100 | low, (11 << 24) | low]) {
          const [fast, slow] = [lookUp(dst, effective), lookUpSlowly(dst, made)]
          if (fast !== slow) throw new Error(`${formatIpv4(dst as Ipv4Addr)}: ${fast}, not ${slow}`)
        }
    }),
    { numRuns: 1000 },
  )
})
