import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Neighbours } from '../../neigh/neighbours.js'
import type { Routes } from '../../neigh/routes.js'
import type { Link } from '../../packet/link.js'
import { broadcastOf, type Cidr } from '../../wire/addr.js'
import {
  parseAddress,
  parseNeighbour,
  parseRoute,
  parseVip,
  UsageError,
  whyNoVip,
  type DirectorOptions,
  type RouteOption,
} from '../options.js'

/** The parts that the options configure. */
export interface Configured {
  readonly links: readonly Link[]
  readonly routes: Routes
  readonly ownAddresses: OwnAddresses
}

/** Gives a new director its addresses, routes and neighbours. UsageError for the first wrong option. */
export function configure(made: Configured, neighbours: Neighbours, options: DirectorOptions): void {
  const { links, routes, ownAddresses } = made
  const names = links.map(link => link.name)
  for (const text of options.addresses) {
    const { link, ...cidr } = parseAddress(text, names)
    if (ownAddresses.has(cidr.addr)) throw new UsageError(`--address: '${text}': that address is given already`)
    routes.addAddress({ ...cidr, link: links[link]! })
    ownAddresses.hold(cidr.addr)
    const broadcast = broadcastOf(cidr)
    if (broadcast !== undefined) ownAddresses.addBroadcast(broadcast)
  }
  for (const text of options.vips ?? []) {
    const vip = parseVip(text)
    const why = whyNoVipHere(vip, routes)
    if (why !== undefined) throw new UsageError(`--vip: '${text}': ${why}`)
    ownAddresses.addBlock(vip)
  }
  for (const text of options.routes ?? []) addRoute(made, parseRoute(text, names), () => `--route: '${text}'`)
  for (const text of options.neighbours ?? []) {
    const { addr, mac, link } = parseNeighbour(text, names)
    neighbours.addStatic(links[link]!, addr, mac)
  }
}

/** Why this director cannot claim an address or block; undefined if it can. */
export function whyNoVipHere(vip: Cidr, routes: Pick<Routes, 'isBroadcast'>): string | undefined {
  const isBroadcast = vip.prefix === 32 && routes.isBroadcast(vip.addr)
  const ofNoHost = 'no host may have that address: it is the broadcast address of an --address'
  return whyNoVip(vip) ?? (isBroadcast ? ofNoHost : undefined)
}

/** Adds a route. UsageError if its gateway is on no connected network. `named`: the route in the error's message. */
export function addRoute(
  { links, routes }: Pick<Configured, 'links' | 'routes'>,
  { to, gateway, link: index, mtu }: RouteOption,
  named: () => string,
): void {
  const onLink = gateway === undefined ? undefined : routes.linkTo(gateway)
  const link = index === undefined ? onLink : links[index]
  if (!link) throw new UsageError(`${named()}: the gateway is on none of the networks given by --address`)
  routes.add(to, link, gateway, mtu ?? link.mtu)
}
