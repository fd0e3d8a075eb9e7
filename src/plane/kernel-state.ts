import type { KernelRoute, KernelState } from '../director/kernel-follower.js'
import { effectiveRoutes, type EffectiveRoute } from '../linux/rtnetlink/effective-routes.js'
import { localAddresses } from '../linux/rtnetlink/local-addresses.js'
import type { HostSnapshot } from '../linux/rtnetlink/snapshot.js'
import { DeadEnd } from '../neigh/routes.js'
import type { MacAddr } from '../wire/addr.js'

/** A link of the director: the kernel's number of its interface, and what was last known of it. */
export interface LinkInterface {
  /** 0: the interface is gone. */
  readonly ifindex: number
  readonly mac: MacAddr
  readonly mtu: number
}

/**
 * What a director needs of what the kernel holds. `links`: the director's, in its order. Only where it `isShared` with the kernel does
 * uvs route as the kernel does: alone on its interfaces it has routes of its own.
 */
export function kernelState(snapshot: HostSnapshot, links: readonly LinkInterface[], isShared: boolean): KernelState {
  const routes = effectiveRoutes(snapshot)
  const { own } = localAddresses(routes)
  const place = new Map(links.map(({ ifindex }, index) => [ifindex, index]))
  return {
    links: links.map(link => {
      const { mac, mtu } = snapshot.links.find(({ index }) => index === link.ifindex) ?? link
      return { mac: mac ?? link.mac, mtu }
    }),
    addresses: snapshot.addresses.flatMap(({ addr, mask, prefix, link: ifindex }) => {
      const link = place.get(ifindex)
      return link === undefined ? [] : [{ addr, mask, prefix, link }]
    }),
    held: own.filter(({ prefix }) => prefix === 32).map(({ addr }) => addr),
    heldBlocks: own.filter(({ prefix }) => prefix < 32),
    routes: isShared ? kernelRoutes(routes, place) : [],
  }
}

function kernelRoutes(routes: readonly EffectiveRoute[], place: ReadonlyMap<number, number>): KernelRoute[] {
  return routes.flatMap(route => {
    const known = kernelRoute(route, place)
    return known ? [known] : []
  })
}

/** Of several next hops that the kernel shares packets among, the first that a link of ours leads to. */
function kernelRoute({ to, type, hops }: EffectiveRoute, place: ReadonlyMap<number, number>): KernelRoute | undefined {
  switch (type) {
    case 'unicast': {
      const hop = hops.find(({ link }) => place.has(link))
      if (hop === undefined) return { to, way: DeadEnd.ELSEWHERE, mtu: undefined }
      return { to, way: { link: place.get(hop.link)!, gateway: hop.gateway }, mtu: hop.mtu }
    }
    case 'blackhole':
      return { to, way: DeadEnd.BLACKHOLE, mtu: undefined }
    case 'unreachable':
      return { to, way: DeadEnd.UNREACHABLE, mtu: undefined }
    case 'prohibit':
      return { to, way: DeadEnd.PROHIBIT, mtu: undefined }
    default:
      return undefined // the host itself
  }
}
