import type { Director } from '../../director/director.js'
import { NeighbourState, type Neighbour } from '../../neigh/neighbour.js'
import { DeadEnd, ON_LINK, type RouteListed } from '../../neigh/routes.js'
import { formatIpv4, formatMac } from '../../wire/addr.js'
import {
  NETWORK_MOST,
  type NeighbourShown,
  type NeighbourStateName,
  type NetworkInfo,
  type network as shapes,
  type RouteShown,
} from '../protocol/network.js'
import type { OperationsOf } from './operation.js'

export const network = {
  network: { run: networkOf, merge },
} satisfies OperationsOf<keyof typeof shapes>

function networkOf({ routes, neighbours: known }: Director): NetworkInfo {
  const listed = routes.listed(NETWORK_MOST)
  return {
    addresses: routes.addresses.map(each => ({ cidr: cidrText(each.addr, each.prefix), link: each.link.name })),
    routes: { rows: listed.map(routeShown), more: routes.count - listed.length },
    neighbours: {
      rows: known.slice(0, NETWORK_MOST).map(neighbourShown).sort(byAddress),
      more: Math.max(0, known.length - NETWORK_MOST),
    },
  }
}

/** Addresses and routes are the same in all workers; each asks the neighbours that its own packets go to. */
function merge(all: readonly NetworkInfo[]): NetworkInfo {
  const best = new Map<string, NeighbourShown>()
  for (const row of all.flatMap(({ neighbours }) => neighbours.rows)) {
    const name = `${row.address} ${row.link}`
    const before = best.get(name)
    if (before === undefined || KNOWS_LESS.indexOf(row.state) > KNOWS_LESS.indexOf(before.state)) best.set(name, row)
  }
  const rows = [...best.values()].sort(byAddress)
  const more = Math.max(rows.length - NETWORK_MOST, ...all.map(({ neighbours }) => neighbours.more))
  return { ...all[0]!, neighbours: { rows: rows.slice(0, NETWORK_MOST), more: Math.max(0, more) } }
}

const KNOWS_LESS: readonly NeighbourStateName[] = ['incomplete', 'probing', 'reachable', 'permanent']
const numeric = new Intl.Collator('en', { numeric: true })

function byAddress(one: NeighbourShown, other: NeighbourShown): number {
  return numeric.compare(one.address, other.address) || numeric.compare(one.link, other.link)
}

function routeShown({ network: to, prefix, route, deadEnd, isKernels }: RouteListed): RouteShown {
  return {
    to: cidrText(to, prefix),
    ...(route && route.gateway !== ON_LINK && { gateway: formatIpv4(route.gateway) }),
    ...(route && { link: route.link.name, mtu: route.mtu }),
    ...(deadEnd !== undefined && { deadEnd: DEAD_ENDS[deadEnd] }),
    ...(isKernels && { isKernels }),
  }
}
const DEAD_ENDS = {
  [DeadEnd.BLACKHOLE]: 'blackhole',
  [DeadEnd.UNREACHABLE]: 'unreachable',
  [DeadEnd.PROHIBIT]: 'prohibit',
  [DeadEnd.ELSEWHERE]: 'elsewhere',
} as const

function neighbourShown({ addr, link, mac, state, usable }: Neighbour): NeighbourShown {
  return { address: formatIpv4(addr), link: link.name, ...(usable && { mac: formatMac(mac) }), state: STATES[state] }
}
const STATES = {
  [NeighbourState.INCOMPLETE]: 'incomplete',
  [NeighbourState.REACHABLE]: 'reachable',
  [NeighbourState.PROBING]: 'probing',
  [NeighbourState.PERMANENT]: 'permanent',
} as const

function cidrText(addr: Parameters<typeof formatIpv4>[0], prefix: number): string {
  return `${formatIpv4(addr)}/${prefix}`
}
