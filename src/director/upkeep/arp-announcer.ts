import type { ArpSender } from '../../neigh/arp-sender.js'
import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Routes } from '../../neigh/routes.js'
import type { Link } from '../../packet/link.js'
import type { Ipv4Addr } from '../../wire/addr.js'

/** The most announcements in one turn of the loop. */
const PER_TURN = 32

/**
 * Announces each new own address by gratuitous ARP, so that its neighbours forget the MAC of a previous owner: on the link
 * whose network it is in, or on every link if it is in no connected network.
 */
export class ArpAnnouncer {
  readonly #sender: ArpSender
  readonly #routes: Routes
  readonly #ownAddresses: OwnAddresses
  readonly #links: readonly Link[]
  readonly #isSpokesman: boolean
  readonly #announced = new Set<Ipv4Addr>()

  /** `isSpokesman` false: announces nothing, since another director announces the same addresses. */
  constructor(
    sender: ArpSender,
    routes: Routes,
    ownAddresses: OwnAddresses,
    links: readonly Link[],
    isSpokesman: boolean,
  ) {
    this.#sender = sender
    this.#isSpokesman = isSpokesman
    this.#routes = routes
    this.#ownAddresses = ownAddresses
    this.#links = links
  }

  poll(): void {
    if (!this.#ownAddresses.hasNews) return
    const { come, gone } = this.#ownAddresses
    if (!this.#isSpokesman) come.clear()
    for (const addr of gone) this.#announced.delete(addr)
    gone.clear()
    let left = PER_TURN
    for (const addr of come) {
      if (left === 0) return
      come.delete(addr)
      if (this.#announced.has(addr)) continue
      this.#announce(addr)
      left--
    }
    this.#ownAddresses.hasNews = false
  }

  #announce(addr: Ipv4Addr): void {
    const onLink = this.#routes.linkTo(addr)
    const links = onLink ? [onLink] : this.#links
    for (const link of links) {
      if (!this.#ownAddresses.mayAnnounce(addr, link, onLink === link)) continue
      this.#announced.add(addr)
      this.#sender.announce(link, addr)
    }
  }
}
