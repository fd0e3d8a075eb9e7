import { RouteTableId } from '../../../src/linux/rtnetlink/route.js'
import { ip } from '../own-network.js'
import { inOrder } from './words.js'

/* What the kernel holds as ip(8) tells it, in the lines of words.ts. */

interface Link {
  ifindex: number
  ifname: string
  flags: string[]
  mtu: number
  address?: string
  link_type: string
  master?: string
  linkinfo?: { info_kind?: string; info_slave_kind?: string }
  addr_info: Address[]
}
interface Address {
  family: string
  local: string
  address?: string
  prefixlen: number
  broadcast?: string
  scope: string
  label?: string
  secondary?: boolean
}
interface Hop {
  gateway?: string
  via?: { family: string }
  dev?: string
  weight?: number
  flags: string[]
}
interface Route extends Hop {
  type?: string
  dst: string
  table?: string
  scope?: string
  metric?: number
  tos?: string
  prefsrc?: string
  nhid?: number
  metrics?: { mtu?: number }[]
  nexthops?: Hop[]
}
interface Rule {
  priority: number
  table?: string
  action?: string
  [selector: string]: unknown
}
interface NextHop extends Hop {
  id: number
  group?: { id: number; weight?: number }[]
  blackhole?: null
}

const TYPES: Record<string, string> = {
  2: 'local',
  3: 'broadcast',
  6: 'blackhole',
  7: 'unreachable',
  8: 'prohibit',
  9: 'throw',
}

function told<T>(line: string): T[] {
  return JSON.parse(ip(`-j -N ${line}`) || '[]') as T[]
}
function words(...parts: (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(' ')
}

/** All but neighbours, and the selectors of rules. */
export function linesOfIp(): string[] {
  const links = told<Link>('-d addr show')
  const index = (name: string | undefined): number => links.find(link => link.ifname === name)?.ifindex ?? 0
  const hop = ({ gateway, via, dev, weight, flags }: Hop): string =>
    words(
      '>',
      gateway && `via ${gateway}`,
      via && `via-ipv6`,
      `dev ${index(dev)}`,
      `weight ${weight ?? 1}`,
      flags.includes('onlink') && 'onlink',
    )
  const route = (each: Route): string =>
    words(
      `route ${each.table ?? RouteTableId.MAIN} ${blockOf(each.dst)} ${TYPES[each.type ?? ''] ?? 'unicast'} scope ${each.scope ?? 0}`,
      each.metric ? `metric ${each.metric}` : undefined,
      each.tos && `tos ${Number(each.tos)}`,
      each.metrics?.[0]?.mtu !== undefined && `mtu ${each.metrics[0].mtu}`,
      each.prefsrc && `src ${each.prefsrc}`,
      each.nhid !== undefined && `nhid ${each.nhid}`,
      ...(each.nexthops ?? (each.dev === undefined ? [] : [each])).map(hop),
    )
  const nextHop = (each: NextHop): string =>
    words(
      `nexthop ${each.id}`,
      each.dev !== undefined &&
        hop(/:/.test(each.gateway ?? '') ? { dev: each.dev, via: { family: 'inet6' }, flags: each.flags } : each),
      each.blackhole === null && 'blackhole',
      ...(each.group ?? []).map(({ id, weight = 1 }) => `${id},${weight}`),
    )
  return inOrder([
    ...links.map(link => linkLine(link, index)),
    ...links.flatMap(link => addressLines(link)),
    ...told<Route>('-4 route show table all').map(route),
    ...told<Rule>('rule').map(({ priority, table, action }) => `rule ${priority} ${action ?? 1} ${table ?? 0}`),
    ...told<NextHop>('nexthop').map(nextHop),
  ])
}

function blockOf(dst: string): string {
  if (dst === 'default') return '0.0.0.0/0'
  return dst.includes('/') ? dst : `${dst}/32`
}

function linkLine(link: Link, index: (name: string | undefined) => number): string {
  return words(
    `link ${link.ifindex} ${link.ifname}`,
    link.address,
    `mtu ${link.mtu}`,
    link.flags.includes('UP') && 'up',
    link.flags.includes('LOWER_UP') && 'carrier',
    link.flags.includes('LOOPBACK') && 'loopback',
    link.linkinfo?.info_kind,
    link.master && `master ${index(link.master)}`,
    link.linkinfo?.info_slave_kind && `port-of ${link.linkinfo.info_slave_kind}`,
  )
}

function addressLines({ ifindex, addr_info: addresses }: Link): string[] {
  return addresses
    .filter(({ family }) => family === 'inet')
    .map(({ local, address, prefixlen, broadcast, scope, label, secondary }) =>
      words(
        `addr ${local}/${prefixlen} dev ${ifindex}`,
        address && `peer ${address}`,
        broadcast && `brd ${broadcast}`,
        `scope ${scope}`,
        secondary && 'secondary',
        label && `label ${label}`,
      ),
    )
}
