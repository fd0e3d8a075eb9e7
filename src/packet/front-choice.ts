/*
 * Decides which IPv4 packets uvs takes beside the kernel, in JavaScript: for tests, and where no eBPF program decides. It has
 * the same steps in the same order as `ebpf/front-program.ts`.
 */
import { IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../wire/ipv4.js'
import type { Cidr, Ipv4Addr } from '../wire/addr.js'
import { ICMP_LEN } from '../wire/icmp.js'
import { AddressKind, type Front, type FrontMode } from './front.js'
import { isRelatedError } from './related-errors.js'

/** The most datagrams in pieces that are remembered, taken or left. */
export const MOST_PIECES = 4096
const WHOLLY = AddressKind.OWN | AddressKind.MARKED
const KERNELS_OR_OURS = WHOLLY | AddressKind.SERVICE | AddressKind.KERNEL
/** Octets needed behind a header: the ports, or ICMP's type. */
const BEHIND_LEN = 4

export class FrontChoice implements Front {
  readonly #mode: FrontMode
  readonly #kinds = new Map<Ipv4Addr, number>()
  readonly #blocks: (Cidr & { kinds: number })[] = []
  readonly #services = new Set<string>()
  readonly #servers = new Set<string>()
  /** Where programs of this host are that have sent to a service. */
  readonly #programs = new Set<string>()
  /** Datagrams in pieces, and whether they are taken. */
  readonly #pieces = new Map<string, boolean>()
  readonly #ip = new Ipv4View()
  readonly #quoted = new Ipv4View()

  constructor(mode: FrontMode) {
    this.#mode = mode
  }

  setKinds(addr: Ipv4Addr, kinds: number): void {
    this.#kinds.set(addr, kinds)
  }
  addBlock(cidr: Cidr, kinds: number): void {
    this.#blocks.push({ ...cidr, kinds })
  }
  removeBlock({ addr, mask }: Cidr): void {
    const at = this.#blocks.findIndex(block => block.mask === mask && ((block.addr ^ addr) & mask) === 0)
    if (at >= 0) this.#blocks.splice(at, 1)
  }
  setService(protocol: number, addr: Ipv4Addr, port: number, isThere: boolean): void {
    set(this.#services, placeOf(protocol, addr, port), isThere)
  }
  setServer(protocol: number, addr: Ipv4Addr, port: number, isThere: boolean): void {
    set(this.#servers, placeOf(protocol, addr, port), isThere)
  }

  /** From now on real servers' answers to there are taken. */
  programHasSent(protocol: number, addr: Ipv4Addr, port: number): void {
    this.#programs.add(placeOf(protocol, addr, port))
  }

  /** Whether uvs takes the IPv4 packet at `at`, of which `len` octets are there, in a frame for this host. */
  takes(view: DataView, at: number, len: number): boolean {
    if (len < IPV4_MIN_LEN) return this.#mode === 'exclusive'
    const ip = this.#ip.wrap(view, at)
    const kinds = this.#kindsOf(ip.dstAddr)
    if (this.#mode === 'exclusive') return (kinds & KERNELS_OR_OURS) !== AddressKind.KERNEL
    if ((kinds & WHOLLY) !== 0) return true
    if (!hasForm(ip)) return false
    const datagram = `${ip.srcAddr} ${ip.dstAddr} ${ip.id} ${ip.protocol}`
    if (ip.fragmentOffset !== 0) return this.#pieces.get(datagram) ?? this.#takesAhead(datagram, kinds)
    if (len < ip.headerLen + BEHIND_LEN) return false
    const isOurs =
      ip.protocol === IpProtocol.ICMP
        ? this.#takesError(view, at + ip.headerLen, len - ip.headerLen, kinds)
        : this.#isBalanced(view, at + ip.headerLen, kinds)
    return ip.moreFragments ? this.#takesFirst(datagram, isOurs, kinds) : isOurs
  }

  /** A piece that comes before the first one, the only one with ports, is taken if that may be; then the first one is too. */
  #takesAhead(datagram: string, kinds: number): boolean {
    if (!this.#mayBeBalanced(kinds)) return false
    this.#remember(datagram, true)
    return true
  }
  #takesFirst(datagram: string, isOurs: boolean, kinds: number): boolean {
    if (isOurs) this.#remember(datagram, true)
    else if (!this.#mayBeBalanced(kinds)) this.#pieces.delete(datagram)
    else if (this.#pieces.get(datagram) === true) return true
    else this.#remember(datagram, false)
    return isOurs
  }
  /** Whether it would be balanced with the right ports. `kinds`: the destination's. */
  #mayBeBalanced(kinds: number): boolean {
    if ((kinds & AddressKind.SERVICE) !== 0) return true
    return (kinds & AddressKind.KERNEL) === 0 && (this.#aloneKindsOf(this.#ip.srcAddr) & AddressKind.SERVER) !== 0
  }

  #isBalanced(view: DataView, ports: number, kinds: number): boolean {
    const { srcAddr, dstAddr, protocol } = this.#ip
    if ((kinds & AddressKind.SERVICE) !== 0 && isAt(this.#services, protocol, dstAddr, view.getUint16(ports + 2)))
      return true
    const isOurs = (kinds & AddressKind.KERNEL) === 0 || this.#isProgram(protocol, dstAddr, view.getUint16(ports + 2))
    return isOurs && this.#isServer(protocol, srcAddr, view.getUint16(ports))
  }
  /** `kinds`: the destination's of the error itself. */
  #takesError(view: DataView, at: number, len: number, kinds: number): boolean {
    if (!isRelatedError(view.getUint8(at))) return false
    if (len < ICMP_LEN + IPV4_MIN_LEN + BEHIND_LEN) return this.#takesCut(kinds)
    const quoted = this.#quoted.wrap(view, at + ICMP_LEN)
    if (!hasForm(quoted)) return false
    if (len < ICMP_LEN + quoted.headerLen + BEHIND_LEN) return this.#takesCut(kinds)
    if (quoted.fragmentOffset !== 0) return false
    const { srcAddr, dstAddr, protocol } = quoted
    const ports = at + ICMP_LEN + quoted.headerLen
    const ofSource = this.#kindsOf(srcAddr)
    if ((ofSource & WHOLLY) !== 0) return true
    if ((ofSource & AddressKind.SERVICE) !== 0 && isAt(this.#services, protocol, srcAddr, view.getUint16(ports)))
      return true
    const isToHost = (kinds & AddressKind.KERNEL) !== 0
    if (isToHost && (this.#aloneKindsOf(dstAddr) & AddressKind.TUNNEL) !== 0 && mayBeTunnel(protocol)) return true
    const isOurs = !isToHost || this.#isProgram(protocol, srcAddr, view.getUint16(ports))
    return isOurs && this.#isTowardsUs(protocol, dstAddr, view.getUint16(ports + 2))
  }
  /** Whether a packet to there, about which an error passes by, is one that uvs has sent on: translated, or as it came (-g, -i). */
  #isTowardsUs(protocol: number, addr: Ipv4Addr, port: number): boolean {
    if (this.#isServer(protocol, addr, port)) return true
    const kinds = this.#kindsOf(addr)
    if ((kinds & WHOLLY) !== 0) return true
    return (kinds & AddressKind.SERVICE) !== 0 && isAt(this.#services, protocol, addr, port)
  }

  /** An error whose first piece ends before it says what it quotes is taken if it may be balanced. */
  #takesCut(kinds: number): boolean {
    return this.#ip.moreFragments && this.#mayBeBalanced(kinds)
  }
  #isProgram(protocol: number, addr: Ipv4Addr, port: number): boolean {
    return this.#programs.has(placeOf(protocol, addr, port))
  }
  #isServer(protocol: number, addr: Ipv4Addr, port: number): boolean {
    return (this.#aloneKindsOf(addr) & AddressKind.SERVER) !== 0 && isAt(this.#servers, protocol, addr, port)
  }
  #kindsOf(addr: Ipv4Addr): number {
    let kinds = this.#aloneKindsOf(addr)
    for (const block of this.#blocks) if (((addr ^ block.addr) & block.mask) === 0) kinds |= block.kinds
    return kinds
  }
  #aloneKindsOf(addr: Ipv4Addr): number {
    return this.#kinds.get(addr) ?? 0
  }
  #remember(datagram: string, isTaken: boolean): void {
    this.#pieces.delete(datagram)
    if (this.#pieces.size === MOST_PIECES) this.#pieces.delete(this.#pieces.keys().next().value!)
    this.#pieces.set(datagram, isTaken)
  }
}

function hasForm(ip: Ipv4View): boolean {
  return ip.isVersion4 && ip.headerLen >= IPV4_MIN_LEN
}
function mayBeTunnel(protocol: number): boolean {
  return protocol === IpProtocol.IPIP || protocol === IpProtocol.GRE || protocol === IpProtocol.UDP
}
function placeOf(protocol: number, addr: Ipv4Addr, port: number): string {
  return `${protocol} ${addr} ${port}`
}
function isAt(places: ReadonlySet<string>, protocol: number, addr: Ipv4Addr, port: number): boolean {
  return places.has(placeOf(protocol, addr, port)) || places.has(placeOf(protocol, addr, 0))
}
function set(places: Set<string>, place: string, isThere: boolean): void {
  if (isThere) places.add(place)
  else places.delete(place)
}
