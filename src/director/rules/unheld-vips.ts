import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Link } from '../../packet/link.js'
import { formatIpv4, isHostAddress, type Ipv4Addr } from '../../wire/addr.js'

/** The most VIPs reported. */
const MOST = 16

/**
 * Reports, once each, VIPs of new services for which nobody would answer ARP: beside a kernel rules alone claim no address. A
 * standby's are meant to be so, and a virtual router's are its master's.
 */
export class UnheldVips {
  readonly #links: readonly Link[]
  readonly #ownAddresses: OwnAddresses
  readonly #tell: ((what: string) => void) | undefined
  readonly #told = new Set<Ipv4Addr>()

  /** Without `tell` it reports nothing. */
  constructor(links: readonly Link[], ownAddresses: OwnAddresses, tell: ((what: string) => void) | undefined) {
    this.#links = links
    this.#ownAddresses = ownAddresses
    this.#tell = links.some(({ isBeside }) => isBeside) ? tell : undefined
  }

  /** A service has come at the address. */
  look(vip: Ipv4Addr): void {
    if (this.#tell === undefined || this.#told.size === MOST || this.#told.has(vip) || !isHostAddress(vip)) return
    if (this.#ownAddresses.isWithheld(vip)) return
    if (this.#ownAddresses.isKernels(vip) || this.#links.some(link => this.#ownAddresses.answersFor(vip, link))) return
    this.#told.add(vip)
    const name = formatIpv4(vip)
    this.#tell(
      `nobody answers for ${name}: the kernel does not hold it, nor is it a --vip: ip addr add ${name}/32 dev lo, or uvs vip add ${name}`,
    )
  }
}
