import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Link } from '../../packet/link.js'
import { isOneWay, type Method } from '../../service/method.js'
import type { ServiceIdentity } from '../../service/service-identity.js'
import { formatIpv4, isLoopback, type Ipv4Addr } from '../../wire/addr.js'

/**
 * Which addresses the rules may name where a kernel lives around the director (LVS's LocalNode). Without one, in a simulation or for
 * the recorded cases, all of them: then the director is the host.
 */
export class LocalNode {
  readonly #links: readonly Link[]
  readonly #ownAddresses: OwnAddresses
  /** What the kernel holds has been told. */
  isHosted = false

  constructor(links: readonly Link[], ownAddresses: OwnAddresses) {
    this.#links = links
    this.#ownAddresses = ownAddresses
  }

  /** Why no real server may be there by this method, in a line; undefined: it may. */
  refuseServer(addr: Ipv4Addr, method: Method, { mark, addr: vip }: ServiceIdentity): string | undefined {
    if (!this.isHosted || !(isLoopback(addr) || this.#ownAddresses.has(addr))) return undefined
    const name = formatIpv4(addr)
    if (!isLoopback(addr) && !this.#ownAddresses.isKernels(addr))
      return `${name} is uvs itself, where no server can listen: a real server is another host, or the kernel's address`
    if (!this.#isBeside)
      return `${name} is this host, whose kernel gets no packet from the interfaces that uvs holds alone: give uvs one beside the kernel, without --address`
    if (!isOneWay(method))
      return `${name} is this host: its own sockets are reached at the virtual service's address and port, by -g`
    if (mark === 0 && this.#links.some(link => this.#ownAddresses.answersFor(vip, link)))
      return `${name} is this host, which does not hold ${formatIpv4(vip)}: the kernel must, for its sockets to be reached there`
    return undefined
  }

  /** Why FULLNAT may not use the address, in a line; undefined: it may. */
  refuseLocalAddress(addr: Ipv4Addr): string | undefined {
    if (!this.isHosted || !this.#ownAddresses.isKernels(addr)) return undefined
    return `${formatIpv4(addr)} is the kernel's: a local address is one that nobody else has`
  }

  get #isBeside(): boolean {
    return this.#links.some(({ isBeside }) => isBeside)
  }
}
