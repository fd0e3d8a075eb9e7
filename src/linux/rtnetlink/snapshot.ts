import type { HostAddress } from './address.js'
import type { HostLink } from './link.js'
import type { HostNeighbour } from './neighbour.js'
import type { NextHopObject } from './next-hop.js'
import type { HostRoute } from './route.js'
import type { HostRule } from './rule.js'

/**
 * What the kernel of this network namespace holds, at one time. Nothing in it changes. What did not change between two snapshots of
 * one HostNetwork is the same object in both (of rules, if it has kept its place), and a list in which nothing changed is the same list.
 */
export interface HostSnapshot {
  readonly links: readonly HostLink[]
  readonly addresses: readonly HostAddress[]
  /** Of all tables. Of several of one prefix, TOS and metric the kernel uses the first. */
  readonly routes: readonly HostRoute[]
  /** By priority, as the kernel asks them. */
  readonly rules: readonly HostRule[]
  readonly nextHops: readonly NextHopObject[]
  /** None unless they are asked for. */
  readonly neighbours: readonly HostNeighbour[]
}
