import { AddressKind } from '../packet/front.js'
import { Changes } from '../packet/changes.js'
import type { Link } from '../packet/link.js'
import { isHostAddress, isLoopback, type Cidr, type Ipv4Addr } from '../wire/addr.js'
import { AddressSet } from '../wire/address-set.js'

/**
 * Why an address is ours. OWN: an interface's `--address`, a `--vip`, a local address of FULLNAT: we answer ARP for it everywhere.
 * SERVICE: a virtual service stands there: we answer for it where we are a host of our own. KERNEL: the host's kernel holds it,
 * and answers for it.
 */
export type Holder = typeof AddressKind.OWN | typeof AddressKind.SERVICE | typeof AddressKind.KERNEL

/** Is told each hold on a single address, and blocks: the front (packet/front.ts) takes packets by them. */
export interface HoldsSink {
  hold(addr: Ipv4Addr, holder: Holder): void
  letGo(addr: Ipv4Addr, holder: Holder): void
  addBlock(cidr: Cidr): void
  removeBlock(cidr: Cidr): void
}

/** The number of holds of each holder. */
interface Holds {
  own: number
  services: number
  kernel: number
}

/**
 * The director's own addresses: its interfaces', the `--vip`s, the VIPs of its services, and those of the kernel beside it. Every
 * packet is looked up here, so single addresses are an AddressSet and blocks a short list.
 *
 * An address that no host can have (0.0.0.0, 127/8, multicast, broadcast) may have owners here and still is not ours: `has`
 * is false and ARP never claims it.
 */
export class OwnAddresses {
  readonly #holds = new Map<Ipv4Addr, Holds>()
  readonly #single = new AddressSet()
  /** Single addresses given as --vip. */
  readonly #vips = new Set<Ipv4Addr>()
  readonly #blocks: Cidr[] = []
  /** Blocks that the kernel takes packets to. */
  #kernelBlocks: readonly Cidr[] = []
  /** Ours, and the kernel's but for 127/8: what `has` looks through. */
  #allBlocks: readonly Cidr[] = []
  /** Broadcast addresses of connected networks. */
  readonly #broadcasts = new Set<Ipv4Addr>()
  readonly #sink: HoldsSink | undefined
  /** A standby answers ARP only for OWN addresses, not for its services'. */
  readonly #isStandby: boolean
  /** Those that a virtual router has, or may get. */
  #withheld: ReadonlySet<Ipv4Addr> = new Set()
  /** Single addresses to announce, and those no longer claimed, since the announcer last took them. */
  readonly come = new Set<Ipv4Addr>()
  readonly gone = new Set<Ipv4Addr>()
  /** Whether `come` or `gone` has an entry. Every turn reads it: cheaper than two sizes. */
  hasNews = false

  readonly #changes: Changes

  constructor(isStandby = false, sink?: HoldsSink, changes = new Changes()) {
    this.#isStandby = isStandby
    this.#sink = sink
    this.#changes = changes
  }

  has(addr: Ipv4Addr): boolean {
    return this.#single.has(addr) || (this.#allBlocks.length > 0 && this.#isInBlock(addr))
  }
  #isInBlock(addr: Ipv4Addr): boolean {
    const blocks = this.#allBlocks
    for (let i = 0; i < blocks.length; i++) if (isIn(addr, blocks[i]!)) return this.#mayBeOurs(addr)
    return false
  }
  #gatherBlocks(): void {
    this.#allBlocks = [...this.#blocks, ...this.#kernelBlocks.filter(({ addr }) => !isLoopback(addr))]
    this.#changes.note()
  }
  #mayBeOurs(addr: Ipv4Addr): boolean {
    return isHostAddress(addr) && !this.#broadcasts.has(addr)
  }

  /** Whether the kernel holds it. Packets to it that are not balanced are the kernel's. */
  isKernels(addr: Ipv4Addr): boolean {
    const holds = this.#holds.get(addr)
    return (holds !== undefined && holds.kernel > 0) || this.#kernelBlocks.some(block => isIn(addr, block))
  }
  /** The kernel takes packets to these blocks from now on, besides the single addresses that it holds. */
  setKernelBlocks(blocks: readonly Cidr[]): void {
    this.#kernelBlocks = blocks
    this.#gatherBlocks()
  }
  /** Whether we answer ARP for it on this link. */
  answersFor(addr: Ipv4Addr, link: Link): boolean {
    if (!this.has(addr) || this.isKernels(addr)) return false
    const holds = this.#holds.get(addr)
    if (holds !== undefined && holds.own > 0) return true
    if (holds !== undefined && holds.services > 0 && link.claims && this.#servicesClaim(addr)) return true
    return this.#isInBlock(addr)
  }

  /**
   * Whether it may be announced on this link: we answer for it; or it is the kernel's, and a VIP or of this link's network, which
   * servers may have as their gateway. The kernel announces nothing when an interface gets another MAC (arp_notify 0).
   */
  mayAnnounce(addr: Ipv4Addr, link: Link, isOfNetwork: boolean): boolean {
    if (this.answersFor(addr, link)) return true
    const holds = this.#holds.get(addr)
    return holds !== undefined && holds.kernel > 0 && (holds.services > 0 || isOfNetwork)
  }
  /** A link has another MAC: neighbours are to hear of every address again. */
  announceAgain(): void {
    for (const addr of this.#holds.keys()) {
      if (!this.#mayBeOurs(addr)) continue
      this.gone.add(addr)
      this.come.add(addr)
      this.hasNews = true
    }
  }

  /** These, and no others, are a virtual router's: services alone claim none of them, its master holds them as OWN. */
  withhold(addresses: readonly Ipv4Addr[]): void {
    const before = this.#withheld
    const next = new Set(addresses)
    for (const addr of new Set([...before, ...next])) {
      const holds = this.#holds.get(addr)
      if (holds === undefined || !this.#mayBeOurs(addr)) continue
      this.#withheld = before
      const wasClaimed = this.#isClaimed(addr, holds)
      this.#withheld = next
      const isClaimed = this.#isClaimed(addr, holds)
      if (isClaimed !== wasClaimed) this.#tell(addr, isClaimed)
    }
    this.#withheld = next
  }
  isWithheld(addr: Ipv4Addr): boolean {
    return this.#withheld.has(addr)
  }
  /** Whether it is a virtual router's whose master is another host, for all that we know. */
  isElsewhere(addr: Ipv4Addr): boolean {
    if (!this.#withheld.has(addr)) return false
    const holds = this.#holds.get(addr)
    return holds === undefined || (holds.own === 0 && holds.kernel === 0)
  }

  hold(addr: Ipv4Addr, holder: Holder = AddressKind.OWN): void {
    this.#count(addr, holder, 1)
    this.#sink?.hold(addr, holder)
  }
  letGo(addr: Ipv4Addr, holder: Holder = AddressKind.OWN): void {
    this.#count(addr, holder, -1)
    this.#sink?.letGo(addr, holder)
  }
  #count(addr: Ipv4Addr, holder: Holder, by: 1 | -1): void {
    const holds = this.#holds.get(addr) ?? { own: 0, services: 0, kernel: 0 }
    const wasClaimed = this.#isClaimed(addr, holds)
    if (holder === AddressKind.OWN) holds.own += by
    else if (holder === AddressKind.SERVICE) holds.services += by
    else holds.kernel += by
    const isHeld = holds.own > 0 || holds.services > 0 || holds.kernel > 0
    this.#changes.note()
    if (isHeld) this.#holds.set(addr, holds)
    else this.#holds.delete(addr)
    if (!this.#mayBeOurs(addr)) return
    if (isHeld) this.#single.add(addr)
    else this.#single.delete(addr)
    const isClaimed = this.#isClaimed(addr, holds)
    // An OWN address is also claimed on links beside a kernel, a SERVICE address is not.
    const isClaimedMore = isClaimed && holder === AddressKind.OWN && by > 0 && holds.own === 1
    if (isClaimed !== wasClaimed || isClaimedMore) this.#tell(addr, isClaimed)
  }
  /** Whether we may answer for it on any link. */
  #isClaimed(addr: Ipv4Addr, { own, services, kernel }: Holds): boolean {
    return kernel === 0 && (own > 0 || (services > 0 && this.#servicesClaim(addr)))
  }
  #servicesClaim(addr: Ipv4Addr): boolean {
    return !this.#isStandby && !this.#withheld.has(addr)
  }
  #tell(addr: Ipv4Addr, isClaimed: boolean): void {
    if (isClaimed) this.gone.delete(addr)
    else this.come.delete(addr)
    const news = isClaimed ? this.come : this.gone
    news.add(addr)
    this.hasNews = true
  }

  /** Marks the broadcast address of a connected network. It is not ours, even if an owner holds it now or later. */
  addBroadcast(addr: Ipv4Addr): void {
    this.#broadcasts.add(addr)
    this.#changes.note()
    const holds = this.#holds.get(addr)
    if (holds === undefined) return
    this.#single.delete(addr)
    this.#tell(addr, false)
  }
  addBlock(cidr: Cidr): void {
    if (cidr.prefix < 32) {
      const block = blockOf(cidr)
      this.#blocks.push(block)
      this.#gatherBlocks()
      this.#sink?.addBlock(block)
    } else if (!this.#vips.has(cidr.addr)) {
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
    if (at < 0) return false
    this.#blocks.splice(at, 1)
    this.#gatherBlocks()
    this.#sink?.removeBlock(block)
    return true
  }
}

function isIn(addr: Ipv4Addr, { addr: network, mask }: Cidr): boolean {
  return ((addr ^ network) & mask) === 0
}
function blockOf(cidr: Cidr): Cidr {
  return { ...cidr, addr: (cidr.addr & cidr.mask) as Ipv4Addr }
}
