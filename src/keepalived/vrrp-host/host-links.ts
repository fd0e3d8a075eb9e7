import type { HostLink } from '../../linux/rtnetlink/link.js'
import type { HostSnapshot } from '../../linux/rtnetlink/snapshot.js'
import { SECONDARY } from '../../linux/rtnetlink/address.js'
import { formatIpv4, type Ipv4Addr, type MacAddr } from '../../wire/addr.js'
import type { RouterSettings } from '../vrrp/settings.js'
import type { OwnInterfaces } from './own-interfaces.js'

/** A link of the kernel's, or the director's alone, as virtual routers need it. */
export interface HostVrrpLink {
  /** 0: it is in another network namespace. */
  readonly ifindex: number
  readonly mac: MacAddr | undefined
  /** Up, and so is its cable. */
  readonly isUp: boolean
  /** Its own addresses, those that come first in their networks first; none that virtual routers put there. */
  readonly addresses: readonly Ipv4Addr[]
  /** Those that virtual routers have, and that are there. None where they are the director's. */
  readonly vips: ReadonlySet<Ipv4Addr>
}

/** The links that a configuration names; one that is not there is left out. */
export function hostLinks(
  { links, addresses }: HostSnapshot,
  settings: RouterSettings,
  director: OwnInterfaces,
): Map<string, HostVrrpLink> {
  const found = new Map<string, HostVrrpLink>()
  for (const name of namesIn(settings)) {
    const link = links.find(other => other.name === name)
    if (director.has(name)) {
      if (link || director.mayBeElsewhere(name)) found.set(name, ownLink(link, director.addresses(name)))
      continue
    }
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

/** Of each virtual address that the host has at the start, a line: it is about to go, and to come with being master. */
export function alreadyThere(links: ReadonlyMap<string, HostVrrpLink>): string[] {
  return [...links].flatMap(([name, { vips }]) =>
    [...vips].map(
      addr =>
        `${name} has ${formatIpv4(addr)} already: as a virtual address, of the same length, it is there while its instance is master`,
    ),
  )
}

function ownLink(link: HostLink | undefined, addresses: readonly Ipv4Addr[]): HostVrrpLink {
  const isUp = link === undefined || (link.isUp && link.hasCarrier)
  return { ifindex: link?.index ?? 0, mac: link?.mac, isUp, addresses, vips: new Set() }
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

/** For the state machine: virtual addresses left out. */
export function isSameLink(one: HostVrrpLink | undefined, other: HostVrrpLink | undefined): boolean {
  return (
    one?.isUp === other?.isUp && one?.ifindex === other?.ifindex && one?.addresses.join() === other?.addresses.join()
  )
}
