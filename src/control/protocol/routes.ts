import { address, cidr, integer, optional, text, type Checked } from './check.js'
import { takes } from './shape.js'

const interfaceName = text('an interface', found => /^[^\s/@,]{1,15}$/.test(found))

const route = {
  /** address/length without host bits; 0.0.0.0/0: all else. */
  to: cidr,
  /** None: the destinations are on the link. */
  gateway: optional(address),
  /** An interface's name; without it the one on whose network the gateway is. */
  port: optional(interfaceName),
  /** That of the interface unless given. */
  mtu: optional(integer(68, 65535)),
}
export type RouteInfo = Checked<typeof route>

export const routes = {
  /** A route (`--route`), instead of the one there may be to that block. `delete-route` takes that of a connected network too. */
  'add-route': takes(route),
  'delete-route': takes({ to: cidr }),
}

/** A further address of the director's own, or a block (`--vip`). */
export const vips = {
  'add-vip': takes({ cidr }),
  'delete-vip': takes({ cidr }),
}
