import { isHostAddress, type Cidr, type Ipv4Addr } from '../wire/addr.js'
import { AddressSet } from '../wire/address-set.js'

/**
 * The director's own addresses: its interfaces', the `--vip`s, and the VIPs of its services. Every packet is looked up here,
 * so single addresses are an AddressSet and blocks a short list.
 *
 * An address that no host can have (0.0.0.0, 127/8, multicast, broadcast) may have owners here and still is not ours: `has`
 * is false and ARP never claims it.
 */
export class OwnAddresses {
  /** Address → number of its owners (an interface, a --vip, services). */
  readonly #holds = new Map<number, number>()
  readonly #single = new AddressSet()
  /** Single addresses given as --vip. */
  readonly #vips = new Set<number>()
  readonly #blocks: Cidr[] = []
  /** Broadcast addresses of connected networks. */
  readonly #broadcasts = new Set<number>()
  /** Single addresses added and removed since the announcer last took them. */
  readonly come = new Set<Ipv4Addr>()
  readonly gone = new Set<Ipv4Addr>()
  /** Whether `come` or `gone` has an entry. Every turn reads it: cheaper than two sizes. */
  hasNews = false

  has(addr: number): boolean {
    return this.#single.has(addr) || (this.#blocks.length > 0 && this.#isInBlock(addr))
  }
  #isInBlock(addr: number): boolean {
    for (let i = 0; i < this.#blocks.length; i++) {
      const block = this.#blocks[i]!
      if ((addr & block.mask) === block.addr) return this.#mayBeOurs(addr)
    }
    return false
  }
  #mayBeOurs(addr: number): boolean {
    return isHostAddress(addr) && !this.#broadcasts.has(addr)
  }

  hold(addr: Ipv4Addr): void {
    const holds = this.#holds.get(addr) ?? 0
    this.#holds.set(addr, holds + 1)
    if (holds === 0 && this.#mayBeOurs(addr)) this.#claim(addr)
  }
  letGo(addr: Ipv4Addr): void {
    const holds = (this.#holds.get(addr) ?? 0) - 1
    if (holds > 0) {
      this.#holds.set(addr, holds)
      return
    }
    this.#holds.delete(addr)
    if (this.#mayBeOurs(addr)) this.#disclaim(addr)
  }
  /** Marks the broadcast address of a connected network. It is not ours, even if an owner holds it now or later. */
  addBroadcast(addr: Ipv4Addr): void {
    this.#broadcasts.add(addr)
    if (this.#holds.has(addr)) this.#disclaim(addr)
  }
  #claim(addr: Ipv4Addr): void {
    this.#single.add(addr)
    this.gone.delete(addr)
    this.come.add(addr)
    this.hasNews = true
  }
  #disclaim(addr: Ipv4Addr): void {
    this.#single.delete(addr)
    this.come.delete(addr)
    this.gone.add(addr)
    this.hasNews = true
  }
  addBlock(cidr: Cidr): void {
    if (cidr.prefix < 32) this.#blocks.push(blockOf(cidr))
    else if (!this.#vips.has(cidr.addr)) {
      this.#vips.add(cidr.addr)
      this.hold(cidr.addr)
    }
  }
  /** Returns whether the block was there. */
  deleteBlock(cidr: Cidr): boolean {
    if (cidr.prefix === 32) {
      const had = this.#vips.delete(cidr.addr)
      if (had) this.letGo(cidr.addr)
      return had
    }
    const block = blockOf(cidr)
    const at = this.#blocks.findIndex(b => b.addr === block.addr && b.mask === block.mask)
    if (at >= 0) this.#blocks.splice(at, 1)
    return at >= 0
  }
}

function blockOf(cidr: Cidr): Cidr {
  return { ...cidr, addr: (cidr.addr & cidr.mask) as Ipv4Addr }
}
