import type { ArpSender } from '../../neigh/arp-sender.js'
import type { Claims } from '../../neigh/claims.js'
import type { Neighbours } from '../../neigh/neighbours.js'
import type { OwnAddresses } from '../../neigh/own-addresses.js'
import { ON_LINK, type Routes } from '../../neigh/routes.js'
import type { Link } from '../../packet/link.js'
import { Method } from '../../service/method.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import { BROADCAST } from '../../wire/ethernet.js'
import type { Balancing } from '../rules/balancing.js'

/** The most VIPs, and the most real servers, that are asked for at once. */
const MOST = 64

export interface WhoClaimsParts {
  readonly sender: ArpSender
  readonly claims: Claims
  readonly neighbours: Neighbours
  readonly ownAddresses: OwnAddresses
  readonly routes: Routes
  readonly links: readonly Link[]
  readonly balancing: Balancing
}

/**
 * Asks by ARP who has the VIPs that we answer for: nobody but us should. The real servers are asked for too, so that it is known whose MAC answers.
 */
export function askWhoClaims(parts: WhoClaimsParts): void {
  const { sender, claims, neighbours, ownAddresses, routes, links, balancing } = parts
  claims.clear()
  const vips = new Set<Ipv4Addr>()
  const servers = new Set<Ipv4Addr>()
  for (const service of balancing.inKernelOrder()) {
    if (service.identity.mark === 0 && vips.size < MOST) vips.add(service.identity.addr)
    for (const { addr, method } of service.destinations)
      if (method !== Method.FULLNAT && servers.size < MOST) servers.add(addr)
  }
  for (const addr of servers) {
    const route = routes.lookup(addr)
    if (route && !ownAddresses.has(addr)) neighbours.get(route.link, route.gateway === ON_LINK ? addr : route.gateway)
  }
  for (const addr of vips) {
    const onLink = routes.linkTo(addr)
    for (const link of onLink ? [onLink] : links)
      if (ownAddresses.answersFor(addr, link) && routes.sourceFor(link, addr) !== addr)
        sender.request(link, addr, BROADCAST)
  }
}
