import type { Cidr, Ipv4Addr } from '../../wire/addr.js'
import type { HostLink } from './link.js'
import type { NextHop, NextHopObject } from './next-hop.js'
import { PrefixTable } from './prefix-table.js'
import type { HostRoute, RouteType } from './route.js'
import type { HostSnapshot } from './snapshot.js'
import { tableOrder } from './table-order.js'

/** What the kernel would do with packets to a block of addresses. */
export interface EffectiveRoute {
  readonly to: Cidr
  /** 'unicast' has next hops; 'local' and 'broadcast' are the host itself; the rest is refused: 'blackhole', 'unreachable', 'prohibit'. */
  readonly type: RouteType
  readonly metric: number
  /** In which table it stands. */
  readonly table: number
  /** At least one for 'unicast', in the kernel's order. The caller takes the first, or shares packets among them by weight. */
  readonly hops: readonly EffectiveHop[]
  readonly preferredSource: Ipv4Addr | undefined
}

export interface EffectiveHop {
  /** Undefined where the destination is on the link itself. */
  readonly gateway: Ipv4Addr | undefined
  /** The interface's index, and name. */
  readonly link: number
  readonly linkName: string
  /** Octets of an IP packet: what the route says, if that is less than the link's. */
  readonly mtu: number
  readonly weight: number
}

/**
 * The routes that any packet meets, one for each block of addresses, the longest prefixes first. The longest that holds an address
 * is the one that the kernel finds: it asks the tables of all rules without selectors, one after the other, and takes the least
 * metric of which a next hop's link has a carrier. Left out are routes for one TOS only, and those that uvs cannot use:
 * `unusableRoutes` names them.
 */
export function effectiveRoutes(snapshot: HostSnapshot): EffectiveRoute[] {
  const { tables } = tableOrder(snapshot.rules)
  const found = new PrefixTable<EffectiveRoute>()
  const known: Known = {
    links: new Map(snapshot.links.map(link => [link.index, link])),
    objects: objectsById(snapshot),
    own: ownBlocks(snapshot.routes, tables),
  }
  const routes = groupByTable(snapshot.routes)
  for (const table of tables) append(found, bestOf(routes.get(table) ?? [], known))
  // There is no table left that a 'throw' could lead to: no route.
  return found.values().map(route => (route.type === 'throw' ? { ...route, type: 'unreachable' } : route))
}

/** Routes that packets could meet but that uvs cannot use, each with the reason: 'TOS' for one TOS only, 'IPv6' for an IPv6 gateway. */
export function unusableRoutes(
  snapshot: HostSnapshot,
): { route: HostRoute; needs: 'TOS' | 'IPv6' | 'encapsulation' }[] {
  const tables = new Set(tableOrder(snapshot.rules).tables)
  const objects = objectsById(snapshot)
  return snapshot.routes
    .filter(({ table }) => tables.has(table))
    .flatMap(route => {
      const needs = route.tos === 0 ? hopsOf(route, objects).find(hop => hop.needs)?.needs : 'TOS'
      return needs ? [{ route, needs }] : []
    })
}

function groupByTable(routes: readonly HostRoute[]): Map<number, HostRoute[]> {
  const byTable = new Map<number, HostRoute[]>()
  for (const route of routes) {
    const known = byTable.get(route.table)
    if (known) known.push(route)
    else byTable.set(route.table, [route])
  }
  return byTable
}

type Objects = ReadonlyMap<number, NextHopObject>
/** What a route's meaning depends on. */
interface Known {
  readonly links: ReadonlyMap<number, HostLink>
  readonly objects: Objects
  /** Blocks that are the host's own. */
  readonly own: PrefixTable<true>
}

function objectsById({ nextHops }: HostSnapshot): Objects {
  return new Map(nextHops.map(object => [object.id, object]))
}

function ownBlocks(routes: readonly HostRoute[], tables: readonly number[]): PrefixTable<true> {
  const own = new PrefixTable<true>()
  for (const { type, table, to } of routes) if (type === 'local' && tables.includes(table)) own.set(to, true)
  return own
}

/** Of each block of one table the usable route of the least metric; of equal ones the first. */
function bestOf(routes: readonly HostRoute[], known: Known): PrefixTable<EffectiveRoute> {
  const best = new PrefixTable<EffectiveRoute>()
  for (const route of routes) {
    if (route.tos !== 0) continue
    const better = best.get(route.to)
    if (better !== undefined && better.metric <= route.metric) continue
    const usable = usableOf(route, known)
    if (usable !== undefined) best.set(route.to, usable)
  }
  return best
}

function usableOf(route: HostRoute, { links, objects, own }: Known): EffectiveRoute | undefined {
  const { to, type, metric, table, preferredSource } = route
  const isUnicast = type === 'unicast'
  const hops: EffectiveHop[] = []
  for (const { gateway, link: index, weight, isOnLink, needs } of hopsOf(route, objects)) {
    const link = links.get(index)
    if (link === undefined || needs || (isUnicast && !link.hasCarrier)) continue
    // `via` an address of the host itself is an old way to say that the destination is on the link.
    const isItself = gateway !== undefined && !isOnLink && own.longest(gateway) !== undefined
    const mtu = Math.min(route.mtu ?? link.mtu, link.mtu)
    hops.push({ gateway: isItself ? undefined : gateway, link: index, linkName: link.name, mtu, weight })
  }
  return isUnicast && hops.length === 0 ? undefined : { to, type, metric, table, hops, preferredSource }
}

/** Its next hops, those of next hop objects too, with the weights that their group gives them. */
function hopsOf({ nextHops, nextHopId }: HostRoute, objects: Objects): readonly NextHop[] {
  if (nextHopId === undefined || nextHops.length > 0) return nextHops
  const object = objects.get(nextHopId)
  if (object === undefined) return []
  const single = object.hop ? [object.hop] : []
  return object.group.length === 0
    ? single
    : object.group.flatMap(({ id, weight }) => {
        const hop = objects.get(id)?.hop
        return hop ? [{ ...hop, weight }] : []
      })
}

/**
 * Puts the next table behind those that were asked before it: a route counts where they had none, or said 'throw'; and a 'throw'
 * becomes what the next table has for it.
 */
function append(found: PrefixTable<EffectiveRoute>, next: PrefixTable<EffectiveRoute>): void {
  const thrown = found.values().filter(({ type }) => type === 'throw')
  const counted = next.values().filter(({ to }) => {
    const before = found.longest(to.addr, to.prefix)
    return before === undefined || before.type === 'throw'
  })
  for (const { to } of thrown) {
    const route = next.longest(to.addr, to.prefix)
    if (route !== undefined) found.set(to, { ...route, to })
  }
  for (const route of counted) found.set(route.to, route)
}
