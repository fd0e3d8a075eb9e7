import type { HostSnapshot } from '../../linux/rtnetlink/snapshot.js'
import { SECONDARY } from '../../linux/rtnetlink/address.js'
import type { Ipv4Addr, MacAddr } from '../../wire/addr.js'
import type { RouterSettings } from '../vrrp/settings.js'

/** A link of the kernel's, as virtual routers need it. */
export interface HostVrrpLink {
  readonly ifindex: number
  readonly mac: MacAddr | undefined
  /** Up, and so is its cable. */
  readonly isUp: boolean
  /** Its own addresses, those that come first in their networks first; none that virtual routers put there. */
  readonly addresses: readonly Ipv4Addr[]
  /** Those that virtual routers have, and that are there. */
  readonly vips: ReadonlySet<Ipv4Addr>
}

/** The links that a configuration names; one that is not there is left out. */
export function hostLinks({ links, addresses }: HostSnapshot, settings: RouterSettings): Map<string, HostVrrpLink> {
  const found = new Map<string, HostVrrpLink>()
  for (const name of namesIn(settings)) {
    const link = links.find(other => other.name === name)
    if (!link) continue
    const here = addresses.filter(({ link: index }) => index === link.index)
    const virtual = virtualAddresses(settings, name)
    const own = here.filter(({ addr }) => !virtual.has(addr))
    const first = own.filter(({ flags }) => (flags & SECONDARY) === 0)
    found.set(name, {
      ifindex: link.index,
      mac: link.mac,
      isUp: link.isUp && link.hasCarrier,
      addresses: [...first, ...own.filter(address => !first.includes(address))].map(({ addr }) => addr),
      vips: new Set(here.filter(({ addr }) => virtual.has(addr)).map(({ addr }) => addr)),
    })
  }
  return found
}

function namesIn({ instances }: RouterSettings): Set<string> {
  const names = new Set<string>()
  for (const { interface: name, vips, excludedVips, tracked } of instances) {
    names.add(name)
    for (const vip of [...vips, ...excludedVips]) names.add(vip.interface)
    for (const link of tracked.interfaces) names.add(link.name)
  }
  return names
}

function virtualAddresses({ instances }: RouterSettings, name: string): Set<number> {
  const found = new Set<number>()
  for (const { vips, excludedVips } of instances)
    for (const { address, interface: on } of [...vips, ...excludedVips])
      if (on === name && typeof address === 'number') found.add(address)
  return found
}
