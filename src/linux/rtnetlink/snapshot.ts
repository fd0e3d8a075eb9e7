import type { HostAddress } from './address.js'
import type { HostLink } from './link.js'
import type { HostNeighbour } from './neighbour.js'
import type { NextHopObject } from './next-hop.js'
import type { HostRoute } from './route.js'
import type { HostRule } from './rule.js'

/**
 * What the kernel of this network namespace holds, at one time. Nothing in it changes; of two snapshots of one HostNetwork,
 * what did not change between them is the same object.
 */
export interface HostSnapshot {
  readonly links: readonly HostLink[]
  readonly addresses: readonly HostAddress[]
  /** Of all tables. Of several of one prefix, TOS and metric the kernel uses the first. */
  readonly routes: readonly HostRoute[]
  /** By priority. */
  readonly rules: readonly HostRule[]
  readonly nextHops: readonly NextHopObject[]
  /** None unless they are asked for. */
  readonly neighbours: readonly HostNeighbour[]
}
