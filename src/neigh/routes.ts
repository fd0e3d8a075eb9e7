import type { Link } from '../packet/link.js'
import { AddressSet } from '../wire/address-set.js'
import { broadcastOf, maskOf, type Cidr, type Ipv4Addr } from '../wire/addr.js'

export const ON_LINK = 0 as Ipv4Addr

/** The route to a block of addresses. */
export interface Route {
  readonly network: number
  readonly mask: number
  readonly prefix: number
  readonly link: Link
  /** The next hop; ON_LINK: the destination itself. */
  readonly gateway: Ipv4Addr
  /** Octets of an IP packet. */
  readonly mtu: number
}

/** An address of one of our interfaces, with its network. */
export interface InterfaceAddress extends Cidr {
  readonly link: Link
}

/** How long a learnt path MTU is valid, in ms, and the least one: Linux's ip_rt_mtu_expires, ip_rt_min_pmtu. */
const PATH_MTU_MS = 600_000
const LEAST_PATH_MTU = 552
const MOST_PATHS = 1024

/** A small routing table: connected networks and `--route`s, longest prefix first. A lookup scans it. */
export class Routes {
  readonly #routes: Route[] = []
  readonly #addresses: InterfaceAddress[] = []
  readonly #broadcasts = new AddressSet()
  /** Destination → path MTU, where it is less than the route's (RFC 1191). */
  readonly #paths = new Map<number, { mtu: number; until: number }>()

  addAddress(address: InterfaceAddress): void {
    this.#addresses.push(address)
    const broadcast = broadcastOf(address)
    if (broadcast !== undefined) this.#broadcasts.add(broadcast)
    if (address.prefix < 32) this.add(address, address.link, undefined)
  }
  /** Adds a route. It replaces one to the same block. */
  add(to: Cidr, link: Link, gateway: Ipv4Addr | undefined, mtu = link.mtu): void {
    const network = to.addr & to.mask
    this.delete(to)
    this.#routes.push({ network, mask: maskOf(to.prefix), prefix: to.prefix, link, gateway: gateway ?? ON_LINK, mtu })
    this.#routes.sort((a, b) => b.prefix - a.prefix)
  }
  /** Returns whether there was a route to the block. */
  delete(to: Cidr): boolean {
    const at = this.#routes.findIndex(r => r.network === (to.addr & to.mask) && r.prefix === to.prefix)
    if (at >= 0) this.#routes.splice(at, 1)
    return at >= 0
  }

  lookup(dst: number): Route | undefined {
    const routes = this.#routes
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]!
      if ((dst & route.mask) === route.network) return route
    }
    return undefined
  }

  /** The path MTU to `dst` by this route, octets. */
  pathMtu(dst: number, route: Route): number {
    if (this.#paths.size === 0) return route.mtu
    const path = this.#paths.get(dst)
    return path === undefined ? route.mtu : Math.min(path.mtu, route.mtu)
  }
  /** Whether the path MTU was learnt from a router. */
  hasLearntMtu(dst: number): boolean {
    return this.#paths.size > 0 && this.#paths.has(dst)
  }
  /** Learns a path MTU to `dst` from a router. Ignores one above the known path MTU. */
  learnMtu(dst: number, mtu: number, now: number): void {
    const route = this.lookup(dst)
    if (route === undefined || mtu > this.pathMtu(dst, route)) return
    this.#paths.delete(dst)
    if (this.#paths.size === MOST_PATHS) this.#paths.delete(this.#paths.keys().next().value!)
    this.#paths.set(dst, { mtu: Math.max(mtu, LEAST_PATH_MTU), until: now + PATH_MTU_MS })
  }
  /** Deletes path MTUs that have expired. */
  poll(now: number): void {
    if (this.#paths.size === 0) return
    for (const [dst, { until }] of this.#paths) {
      if (until > now) break
      this.#paths.delete(dst)
    }
  }

  /** Our source address towards a neighbour on a link: in `peer`'s network, else the link's first, else any of ours. */
  sourceFor(link: Link, peer: number): Ipv4Addr {
    let first: Ipv4Addr | undefined
    for (const address of this.#addresses) {
      if (address.link !== link) continue
      if ((peer & address.mask) === (address.addr & address.mask)) return address.addr
      first ??= address.addr
    }
    return first ?? this.#addresses[0]?.addr ?? (0 as Ipv4Addr)
  }
  /** Whether `addr` is the broadcast address of a connected network. (The network's own is a host, as in Linux since 5.14.) */
  isBroadcast(addr: number): boolean {
    return this.#broadcasts.has(addr)
  }
  /** The link on whose connected network `addr` lies. */
  portOnLink(addr: number): Link | undefined {
    return this.#addresses.find(a => (addr & a.mask) === (a.addr & a.mask))?.link
  }
}
