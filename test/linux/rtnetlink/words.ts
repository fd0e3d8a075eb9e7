import type { HostAddress } from '../../../src/linux/rtnetlink/address.js'
import type { HostLink } from '../../../src/linux/rtnetlink/link.js'
import type { HostNeighbour } from '../../../src/linux/rtnetlink/neighbour.js'
import type { NextHop, NextHopObject } from '../../../src/linux/rtnetlink/next-hop.js'
import type { HostRoute } from '../../../src/linux/rtnetlink/route.js'
import { formatRule } from '../../../src/linux/rtnetlink/rule.js'
import type { HostSnapshot } from '../../../src/linux/rtnetlink/snapshot.js'
import { formatIpv4, formatMac, type Ipv4Addr } from '../../../src/wire/addr.js'

/* What the kernel holds in lines, to compare with other tellings of it. */

function words(...parts: (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(' ')
}
function given(name: string, value: number | string | undefined): string | undefined {
  return value === undefined ? undefined : `${name} ${value}`
}
function addr(name: string, value: Ipv4Addr | undefined): string | undefined {
  return value === undefined ? undefined : `${name} ${formatIpv4(value)}`
}

export function linkLine(link: HostLink): string {
  return words(
    `link ${link.index} ${link.name}`,
    link.mac && formatMac(link.mac),
    `mtu ${link.mtu}`,
    link.isUp && 'up',
    link.hasCarrier && 'carrier',
    link.isLoopback && 'loopback',
    link.kind,
    given('master', link.master),
    given('port-of', link.portOf),
  )
}

export function addressLine(address: HostAddress): string {
  return words(
    `addr ${formatIpv4(address.addr)}/${address.prefix} dev ${address.link}`,
    addr('peer', address.peer),
    addr('brd', address.broadcast),
    `scope ${address.scope}`,
    (address.flags & 1) !== 0 && 'secondary',
    given('label', address.label),
  )
}

function hopWords(hop: NextHop): string {
  return words(
    '>',
    addr('via', hop.gateway),
    hop.needs === 'IPv6' && 'via-ipv6',
    `dev ${hop.link}`,
    `weight ${hop.weight}`,
    hop.isOnLink && 'onlink',
  )
}

export function routeLine(route: HostRoute): string {
  return words(
    `route ${route.table} ${formatIpv4(route.to.addr)}/${route.to.prefix} ${route.type} scope ${route.scope}`,
    route.metric !== 0 && `metric ${route.metric}`,
    route.tos !== 0 && `tos ${route.tos}`,
    given('mtu', route.mtu),
    addr('src', route.preferredSource),
    given('nhid', route.nextHopId),
    ...route.nextHops.map(hopWords),
  )
}

export function nextHopLine({ id, hop, group, isBlackhole }: NextHopObject): string {
  return words(
    `nexthop ${id}`,
    hop && hopWords(hop),
    isBlackhole && 'blackhole',
    ...group.map(each => `${each.id},${each.weight}`),
  )
}

export function neighbourLine({ link, addr: host, mac, state }: HostNeighbour): string {
  return words(`neigh ${formatIpv4(host)} dev ${link}`, mac && formatMac(mac), state)
}

/** Sorted, but for routes that differ in nothing that comes before their type: the kernel takes the first of them. */
export function linesOf(snapshot: HostSnapshot): string[] {
  return inOrder([
    ...snapshot.links.map(linkLine),
    ...snapshot.addresses.map(addressLine),
    ...snapshot.routes.map(routeLine),
    ...snapshot.rules.map(formatRule),
    ...snapshot.nextHops.map(nextHopLine),
    ...snapshot.neighbours.map(neighbourLine),
  ])
}

export function inOrder(lines: readonly string[]): string[] {
  return lines
    .map(line => ({ line, key: line.startsWith('route') ? routeKey(line) : line }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ line }) => line)
}
function routeKey(line: string): string {
  const [, table, to] = line.split(' ')
  return ['route', table, to, / metric \d+/.exec(line)?.[0], / tos \d+/.exec(line)?.[0]].join(' ')
}

const ACTIONS: Record<string, number> = { lookup: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 }

/** As ip-says.ts has it: ip(8) tells the selectors of rules in words of its own. */
export function compared(snapshot: HostSnapshot): string[] {
  const rules = snapshot.rules.map(
    ({ priority, action, table }) => `rule ${priority} ${ACTIONS[action]} ${action === 'lookup' ? table : 0}`,
  )
  return inOrder([...linesOf({ ...snapshot, rules: [] }), ...rules])
}
