import { address, cidr, integer, optional, text, type Checked } from './check.js'
import { takes } from './shape.js'

const interfaceName = text('an interface', found => /^[^\s/@,]{1,15}$/.test(found))

const route = {
  /** address/length without host bits; 0.0.0.0/0: the default route. */
  to: cidr,
  /** Undefined: destinations are neighbours on the link. */
  gateway: optional(address),
  /** A link's name: version 1 of the protocol calls a link, here only, a port. Default: the one whose network the gateway is in. */
  port: optional(interfaceName),
  /** Default: the interface's. */
  mtu: optional(integer(68, 65535)),
}
export type RouteInfo = Checked<typeof route>

export const routes = {
  /** Adds a route (`--route`) and replaces one to the same block. `delete-route` also deletes that of a connected network. */
  'add-route': takes(route),
  'delete-route': takes({ to: cidr }),
}

/** Another own address of the director, or a block of them (`--vip`). */
export const vips = {
  'add-vip': takes({ cidr }),
  'delete-vip': takes({ cidr }),
}
