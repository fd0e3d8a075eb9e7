import { AddressKind } from '../packet/front.js'
import type { Link } from '../packet/link.js'
import type { OwnAddresses } from '../neigh/own-addresses.js'
import type { DeadEnd, Routes } from '../neigh/routes.js'
import type { Cidr, Ipv4Addr, MacAddr } from '../wire/addr.js'

/** The state of the host's kernel that a director needs. Links are named by index. */
export interface KernelState {
  /** The current MAC and MTU of each link's interface. */
  readonly links: readonly { readonly mac: MacAddr; readonly mtu: number }[]
  /** The kernel's addresses on our links, with their networks. */
  readonly addresses: readonly (Cidr & { readonly link: number })[]
  /** All addresses that the kernel accepts packets to, on any interface, each once. */
  readonly held: readonly Ipv4Addr[]
  /** Blocks that it takes packets to: 127.0.0.0/8, and what is routed to the host (`ip route add local`). */
  readonly heldBlocks: readonly Cidr[]
  /** One for each block: the one that the kernel would take. */
  readonly routes: readonly KernelRoute[]
}

export interface KernelRoute {
  readonly to: Cidr
  readonly way: { readonly link: number; readonly gateway: Ipv4Addr | undefined } | DeadEnd
  /** Default: the link's. */
  readonly mtu: number | undefined
}

/** A link with writable fields. */
type Changing = { -readonly [K in keyof Link]: Link[K] }

/** Applies the kernel's state to a director. */
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

  /** Replaces the kernel's state. */
  follow(state: KernelState): void {
    let isMoved = false
    state.links.forEach(({ mac, mtu }, index) => {
      const link: Changing = this.#links[index]!
      if (link.mac.hi !== mac.hi || link.mac.lo !== mac.lo) isMoved = true
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
    this.#ownAddresses.setKernelBlocks(state.heldBlocks)
    this.#hold(new Set(state.held))
    if (isMoved) this.#ownAddresses.announceAgain()
  }

  #hold(held: ReadonlySet<Ipv4Addr>): void {
    for (const addr of held) if (!this.#held.has(addr)) this.#ownAddresses.hold(addr, AddressKind.KERNEL)
    for (const addr of this.#held) if (!held.has(addr)) this.#ownAddresses.letGo(addr, AddressKind.KERNEL)
    this.#held = held
  }
}
