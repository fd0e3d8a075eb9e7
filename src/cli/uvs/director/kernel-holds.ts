import type { KernelHolds } from '../../../control/dashboard/settings.js'
import { HostNetwork } from '../../../linux/rtnetlink/host-network.js'
import type { NextHop } from '../../../linux/rtnetlink/next-hop.js'
import type { HostRoute } from '../../../linux/rtnetlink/route.js'
import type { HostSnapshot } from '../../../linux/rtnetlink/snapshot.js'
import { formatIpv4, formatMac, type Cidr } from '../../../wire/addr.js'

/** Lines of a kind. */
const MOST = 200
const MAIN = 254

/** What the kernel of this network namespace holds now. undefined: it may not be asked. */
export function readKernel(interfaces: readonly string[]): KernelHolds | undefined {
  try {
    const host = new HostNetwork({ withNeighbours: true })
    try {
      return kernelHolds(host.snapshot, interfaces)
    } finally {
      host.close()
    }
  } catch {
    return undefined
  }
}

/** On these interfaces its addresses and neighbours; all routes of the main table. */
export function kernelHolds(snapshot: HostSnapshot, interfaces: readonly string[]): KernelHolds {
  const names = new Map(snapshot.links.map(({ index, name }) => [index, name]))
  const isOf = ({ link }: { link: number }): boolean => interfaces.includes(names.get(link) ?? '')
  const routes = snapshot.routes.filter(({ table }) => table === MAIN)
  const neighbours = snapshot.neighbours.filter(isOf)
  return {
    addresses: snapshot.addresses.filter(isOf).map(each => `${cidrText(each)} dev ${names.get(each.link)}`),
    routes: routes.slice(0, MOST).map(route => routeText(route, names)),
    neighbours: neighbours
      .slice(0, MOST)
      .map(({ addr, mac, link, state }) =>
        [formatIpv4(addr), 'dev', names.get(link), ...(mac ? ['lladdr', formatMac(mac)] : []), state].join(' '),
      ),
    moreRoutes: Math.max(0, routes.length - MOST),
    moreNeighbours: Math.max(0, neighbours.length - MOST),
  }
}

/** As ip-route(8) writes it. */
function routeText({ to, type, metric, mtu, nextHops }: HostRoute, names: ReadonlyMap<number, string>): string {
  const hop = ({ gateway, link }: NextHop): string[] => [
    ...(gateway === undefined ? [] : ['via', formatIpv4(gateway)]),
    ...(names.has(link) ? ['dev', names.get(link)!] : []),
  ]
  return [
    ...(type === 'unicast' ? [] : [type]),
    to.prefix === 0 ? 'default' : cidrText(to),
    ...nextHops.flatMap(each => (nextHops.length > 1 ? ['nexthop', ...hop(each)] : hop(each))),
    ...(metric === 0 ? [] : ['metric', metric]),
    ...(mtu === undefined ? [] : ['mtu', mtu]),
  ].join(' ')
}

function cidrText({ addr, prefix }: Cidr): string {
  return `${formatIpv4(addr)}/${prefix}`
}
