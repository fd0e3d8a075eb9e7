import * as fromRoutes from '../neigh/routes.js'
import type { Route } from '../neigh/routes.js'
import type { Link } from '../packet/link.js'
import type { Destination } from '../service/destination.js'
import type { Ipv4Addr } from '../wire/addr.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { ON_LINK } = fromRoutes

/** The next hop of a packet. Made once, re-pointed at each route. */
export class Hop {
  /** The destination that the route was looked up for. */
  dst = 0 as Ipv4Addr
  /** The neighbour whose MAC the frame gets: the route's gateway, or `dst`. */
  nextHop = 0 as Ipv4Addr
  /** The largest IP packet on the way to `dst`, octets. */
  mtu = 0
  /** The real server whose tunnel the packet takes, if any. */
  tunnel: Destination | undefined
  #route: Route | undefined

  point(dst: Ipv4Addr, route: Route, mtu: number): this {
    this.dst = dst
    this.nextHop = route.gateway === ON_LINK ? dst : route.gateway
    this.mtu = mtu
    this.tunnel = undefined
    this.#route = route
    return this
  }
  /** The link that it leaves by. */
  get link(): Link {
    return this.#route!.link
  }
}
