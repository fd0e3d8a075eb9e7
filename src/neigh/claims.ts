import type { Link } from '../packet/link.js'
import type { Ipv4Addr, MacAddr } from '../wire/addr.js'

/** The most that are kept: who wants to know has a handful of real servers that claim a handful of addresses. */
const MOST = 64

/** Another host says by ARP that it has one of our addresses. */
export interface Claim {
  readonly link: Link
  readonly addr: Ipv4Addr
  readonly mac: MacAddr
  /** How often it has said so. */
  count: number
}

/** Who says by ARP that it has one of our addresses, the first ones since it was last cleared. */
export class Claims {
  readonly #claims: Claim[] = []

  note(link: Link, addr: Ipv4Addr, hi: number, lo: number): void {
    const known = this.#claims.find(
      claim => claim.addr === addr && claim.mac.hi === hi && claim.mac.lo === lo && claim.link === link,
    )
    if (known) known.count++
    else if (this.#claims.length < MOST) this.#claims.push({ link, addr, mac: { hi, lo }, count: 1 })
  }
  get all(): readonly Claim[] {
    return this.#claims
  }
  clear(): void {
    this.#claims.length = 0
  }
}
