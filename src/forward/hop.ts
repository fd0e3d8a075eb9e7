import { ON_LINK, type Route } from '../neigh/routes.js'
import type { Link } from '../packet/link.js'
import type { Destination } from '../service/destination.js'

/** Where a packet goes next. Made once, pointed at route after route. */
export class Hop {
  /** What the route was looked up for. */
  dst = 0
  /** Whose MAC the frame gets: the route's gateway, or `dst`. */
  nextHop = 0
  /** Octets that an IP packet may have on its way to `dst`. */
  mtu = 0
  /** The real server whose tunnel the packet goes through, if it does. */
  tunnel: Destination | undefined
  #route: Route | undefined

  point(dst: number, route: Route, mtu: number): this {
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
