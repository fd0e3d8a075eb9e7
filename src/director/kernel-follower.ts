import { AddressKind } from '../packet/front.js'
import type { Link } from '../packet/link.js'
import type { OwnAddresses } from '../neigh/own-addresses.js'
import type { DeadEnd, Routes } from '../neigh/routes.js'
import type { Cidr, Ipv4Addr, MacAddr } from '../wire/addr.js'

/** What the host's kernel holds, as far as a director needs it. Links are named by their number. */
export interface KernelState {
  /** Of each link: what its interface is now. */
  readonly links: readonly { readonly mac: MacAddr; readonly mtu: number }[]
  /** Addresses of the kernel's on our links, with their networks. */
  readonly addresses: readonly (Cidr & { readonly link: number })[]
  /** Each address that the kernel takes packets to, by whatever interface: once. */
  readonly held: readonly Ipv4Addr[]
  /** One for each block: the one that the kernel would take. */
  readonly routes: readonly KernelRoute[]
}

export interface KernelRoute {
  readonly to: Cidr
  readonly way: { readonly link: number; readonly gateway: Ipv4Addr | undefined } | DeadEnd
  /** Unless the link's. */
  readonly mtu: number | undefined
}

/** A link whose interface may change. */
type Changing = { -readonly [K in keyof Link]: Link[K] }

/** Keeps a director true to the host that it runs on. */
export class KernelFollower {
  readonly #links: readonly Link[]
  readonly #routes: Routes
  readonly #ownAddresses: OwnAddresses
  #held: ReadonlySet<Ipv4Addr> = new Set()

  constructor(links: readonly Link[], routes: Routes, ownAddresses: OwnAddresses) {
    this.#links = links
    this.#routes = routes
    this.#ownAddresses = ownAddresses
  }

  /** From now on the kernel's state is this. */
  follow(state: KernelState): void {
    state.links.forEach(({ mac, mtu }, index) => {
      const link: Changing = this.#links[index]!
      link.mac = mac
      link.mtu = mtu
      this.#routes.linkChanged(link)
    })
    const at = (index: number): Link => this.#links[index]!
    this.#routes.setKernels(
      state.addresses.map(({ link, ...cidr }) => ({ ...cidr, link: at(link) })),
      state.routes.map(({ to, way, mtu }) => ({
        to,
        way: typeof way === 'number' ? way : { link: at(way.link), gateway: way.gateway },
        mtu,
      })),
    )
    this.#hold(new Set(state.held))
  }

  #hold(held: ReadonlySet<Ipv4Addr>): void {
    for (const addr of held) if (!this.#held.has(addr)) this.#ownAddresses.hold(addr, AddressKind.KERNEL)
    for (const addr of this.#held) if (!held.has(addr)) this.#ownAddresses.letGo(addr, AddressKind.KERNEL)
    this.#held = held
  }
}
