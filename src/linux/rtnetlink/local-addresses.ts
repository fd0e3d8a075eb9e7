import type { Cidr } from '../../wire/addr.js'
import type { EffectiveRoute } from './effective-routes.js'

/** A block of addresses, and the interface that has it. */
export interface LocalBlock extends Cidr {
  readonly linkName: string
}

/** What the host takes for itself. */
export interface LocalAddresses {
  /**
   * Its addresses on whatever interface, 127.0.0.0/8 among them, and blocks that are routed to it (`ip route add local
   * 10.0.0.0/8 dev lo`). Linux takes packets to any of them from any interface, whether the one that has it is up or not.
   */
  readonly own: readonly LocalBlock[]
  /** Of its networks. */
  readonly broadcasts: readonly LocalBlock[]
}

/** The longest prefixes first, as in `routes`. */
export function localAddresses(routes: readonly EffectiveRoute[]): LocalAddresses {
  const ofType = (type: EffectiveRoute['type']): LocalBlock[] =>
    routes.filter(route => route.type === type).map(({ to, hops }) => ({ ...to, linkName: hops[0]?.linkName ?? '' }))
  return { own: ofType('local'), broadcasts: ofType('broadcast') }
}
