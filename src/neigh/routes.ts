import type { Link } from '../packet/link.js'
import { Changes } from '../packet/changes.js'
import { AddressSet } from '../wire/address-set.js'
import { broadcastOf, maskOf, type Cidr, type Ipv4Addr } from '../wire/addr.js'

export const ON_LINK = 0 as Ipv4Addr

/** The route to a block of addresses. */
export interface Route {
  readonly network: Ipv4Addr
  readonly mask: Ipv4Addr
  readonly prefix: number
  readonly link: Link
  /** The next hop; ON_LINK: the destination itself. */
  readonly gateway: Ipv4Addr
  /** Octets of an IP packet: the route's own MTU, or the link's current one. */
  mtu: number
}

/** The kinds of kernel routes that uvs cannot use. ELSEWHERE: by an interface that uvs does not have. */
export const DeadEnd = { BLACKHOLE: 1, UNREACHABLE: 2, PROHIBIT: 3, ELSEWHERE: 4 } as const
export type DeadEnd = (typeof DeadEnd)[keyof typeof DeadEnd]

/** A route to add. */
export interface RouteGiven {
  readonly to: Cidr
  readonly way: { readonly link: Link; readonly gateway: Ipv4Addr | undefined } | DeadEnd
  /** Default: the link's. */
  readonly mtu?: number | undefined
}

/** A route as it stands in the table. */
export interface RouteListed {
  readonly network: Ipv4Addr
  readonly prefix: number
  readonly route: Route | undefined
  readonly deadEnd: DeadEnd | undefined
  readonly isKernels: boolean
}

interface Entry {
  readonly network: Ipv4Addr
  readonly mask: Ipv4Addr
  readonly prefix: number
  /** Undefined: a dead end. */
  readonly route: Route | undefined
  readonly deadEnd: DeadEnd | undefined
  readonly ownMtu: number | undefined
}

/** An address of one of our interfaces, with its network. */
export interface InterfaceAddress extends Cidr {
  readonly link: Link
}

/** How long a learnt path MTU is valid, in ms, and the least one: Linux's ip_rt_mtu_expires, ip_rt_min_pmtu. */
const PATH_MTU_MS = 600_000
const LEAST_PATH_MTU = 552
const MOST_PATHS = 1024
/** Up to so many routes a lookup scans them; with more it uses a cache of REMEMBERED entries by destination. */
const FEW = 8
const REMEMBERED = 1024

/**
 * The routing table: connected networks and `--route`s, and the routes of the kernel beside us. The longest prefix wins; of equal
 * ones, ours.
 */
export class Routes {
  #given: Entry[] = []
  #kernels: readonly Entry[] = []
  #routes: readonly Entry[] = []
  /** All, in their order, where they are a FEW and none is a dead end: a lookup scans them. */
  #few: readonly Route[] = []
  #isFew = true
  readonly #givenAddresses: InterfaceAddress[] = []
  #addresses: readonly InterfaceAddress[] = []
  readonly #broadcasts = new AddressSet()
  /** Destination → path MTU, where it is less than the route's (RFC 1191). */
  readonly #paths = new Map<Ipv4Addr, { mtu: number; until: number }>()
  /** The cache of lookups: destination and its entry, by the destination's hash. */
  readonly #asked = new Int32Array(REMEMBERED)
  readonly #found: (Entry | undefined)[] = Array.from({ length: REMEMBERED })
  readonly #changes: Changes

  constructor(changes = new Changes()) {
    this.#changes = changes
  }

  addAddress(address: InterfaceAddress): void {
    this.#givenAddresses.push(address)
    this.#setAddresses([])
    if (address.prefix < 32) this.add(address, address.link, undefined)
  }
  /** Adds a route. It replaces one of ours to the same block. */
  add(to: Cidr, link: Link, gateway: Ipv4Addr | undefined, mtu?: number): void {
    this.delete(to)
    this.#given.push(entryOf({ to, way: { link, gateway }, mtu }))
    this.#arrange()
  }
  /** Deletes a route of ours, not the kernel's. Returns whether there was one. */
  delete(to: Cidr): boolean {
    const at = this.#given.findIndex(r => r.network === (to.addr & to.mask) && r.prefix === to.prefix)
    if (at < 0) return false
    this.#given.splice(at, 1)
    this.#arrange()
    return true
  }
  /** Replaces the kernel's addresses on our links, and its routes: at most one for each block. */
  setKernels(addresses: readonly InterfaceAddress[], routes: readonly RouteGiven[]): void {
    this.#kernels = routes.map(entryOf)
    this.#setAddresses(addresses)
    this.#arrange()
  }
  get addresses(): readonly InterfaceAddress[] {
    return this.#addresses
  }
  get count(): number {
    return this.#routes.length
  }
  /** At most so many, those to the largest blocks first. */
  listed(most: number): RouteListed[] {
    const last = this.#routes.slice(-most).reverse()
    return last.map(entry => ({ ...entry, isKernels: !this.#given.includes(entry) }))
  }
  /** Applies a link's new MTU. */
  linkChanged(link: Link): void {
    for (const { route, ownMtu } of this.#routes) if (route?.link === link) route.mtu = ownMtu ?? link.mtu
    this.#changes.note()
  }

  #setAddresses(kernels: readonly InterfaceAddress[]): void {
    this.#addresses = [...this.#givenAddresses, ...kernels]
    this.#broadcasts.clear()
    for (const address of this.#addresses) {
      const broadcast = broadcastOf(address)
      if (broadcast !== undefined) this.#broadcasts.add(broadcast)
    }
    this.#changes.note()
  }
  #arrange(): void {
    // The sort is stable: ours stay before the kernel's.
    this.#routes = [...this.#given, ...this.#kernels].sort((a, b) => b.prefix - a.prefix)
    this.#found.fill(undefined)
    const routes = this.#routes.flatMap(({ route }) => (route === undefined ? [] : [route]))
    this.#isFew = routes.length <= FEW && routes.length === this.#routes.length
    this.#few = this.#isFew ? routes : []
    this.#changes.note()
  }

  lookup(dst: Ipv4Addr): Route | undefined {
    const routes = this.#few
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]!
      if ((dst & route.mask) === route.network) return route
    }
    return this.#isFew ? undefined : this.#routeFor(dst)
  }
  #routeFor(dst: Ipv4Addr): Route | undefined {
    return this.#remembered(dst)?.route
  }
  #remembered(dst: Ipv4Addr): Entry | undefined {
    const at = (Math.imul(dst, 0x9e3779b1) >>> 16) & (REMEMBERED - 1)
    const found = this.#found[at]
    if (found !== undefined && this.#asked[at] === dst) return found
    const entry = this.#entryFor(dst)
    this.#asked[at] = dst
    this.#found[at] = entry
    return entry
  }
  #entryFor(dst: Ipv4Addr): Entry | undefined {
    return this.#routes.find(({ mask, network }) => (dst & mask) === network)
  }
  /** The kind of dead end that a route to `dst` is; undefined: another route, or none. */
  deadEnd(dst: Ipv4Addr): DeadEnd | undefined {
    return this.#entryFor(dst)?.deadEnd
  }

  /** The path MTU to `dst` by this route, octets. */
  pathMtu(dst: Ipv4Addr, route: Route): number {
    if (this.#paths.size === 0) return route.mtu
    const path = this.#paths.get(dst)
    return path === undefined ? route.mtu : Math.min(path.mtu, route.mtu)
  }
  /** Whether the path MTU was learnt from a router. */
  hasLearntMtu(dst: Ipv4Addr): boolean {
    return this.#paths.size > 0 && this.#paths.has(dst)
  }
  /** Learns a path MTU to `dst` from a router. Ignores one above the known path MTU. */
  learnMtu(dst: Ipv4Addr, mtu: number, nowMs: number): void {
    const route = this.lookup(dst)
    if (route === undefined || mtu > this.pathMtu(dst, route)) return
    this.#paths.delete(dst)
    if (this.#paths.size === MOST_PATHS) this.#paths.delete(this.#paths.keys().next().value!)
    this.#paths.set(dst, { mtu: Math.max(mtu, LEAST_PATH_MTU), until: nowMs + PATH_MTU_MS })
    this.#changes.note()
  }
  /** Deletes path MTUs that have expired. */
  poll(nowMs: number): void {
    if (this.#paths.size === 0) return
    for (const [dst, { until }] of this.#paths) {
      if (until > nowMs) break
      this.#paths.delete(dst)
      this.#changes.note()
    }
  }

  /** Our source address towards a neighbour on a link: in `peer`'s network, else the link's first, else any of ours. */
  sourceFor(link: Link, peer: Ipv4Addr): Ipv4Addr {
    let first: Ipv4Addr | undefined
    for (const address of this.#addresses) {
      if (address.link !== link) continue
      if ((peer & address.mask) === (address.addr & address.mask)) return address.addr
      first ??= address.addr
    }
    return first ?? this.#addresses[0]?.addr ?? (0 as Ipv4Addr)
  }
  /** Whether `addr` is the broadcast address of a connected network. (The network's own is a host, as in Linux since 5.14.) */
  isBroadcast(addr: Ipv4Addr): boolean {
    return this.#broadcasts.has(addr)
  }
  /** The link on whose connected network `addr` lies. */
  linkTo(addr: Ipv4Addr): Link | undefined {
    return this.#addresses.find(a => (addr & a.mask) === (a.addr & a.mask))?.link
  }
}

function entryOf({ to, way, mtu }: RouteGiven): Entry {
  const [network, mask] = [(to.addr & to.mask) as Ipv4Addr, maskOf(to.prefix)]
  const { prefix } = to
  if (typeof way === 'number') return { network, mask, prefix, route: undefined, deadEnd: way, ownMtu: undefined }
  const route = { network, mask, prefix, link: way.link, gateway: way.gateway ?? ON_LINK, mtu: mtu ?? way.link.mtu }
  return { network, mask, prefix, route, deadEnd: undefined, ownMtu: mtu }
}
