/*
 * Which worker a frame belongs to: the one that has its connection, in both directions and in every mode.
 * 1. not to one of our addresses: an answer to a client, or routed → by its destination
 * 2. to a virtual address, or our own                              → by its source, the client
 * 3. to a local address of FULLNAT, an answer                      → by its port: a worker takes none but its own
 * 4. an ICMP error to one of our addresses: by the packet that it quotes
 *    one of ours to a client           → by its destination
 *    one of FULLNAT to a real server   → by its source port
 *    a tunnel of ours to a real server → by the source of the client's packet inside; cut off before that: worker 0
 * 5. a piece of a datagram that 3 and 4 are about → where its first piece went
 * `steering-program.ts` is the same in eBPF, `test/ebpf/steering.test.ts` holds the two together.
 */
import { FIRST_LOCAL_PORT } from '../packet/local-port.js'
import type { Cidr, Ipv4Addr } from '../wire/addr.js'
import { GRE_CHECKSUM_LEN, GRE_LEN, GreView } from '../wire/gre.js'
import { GueView } from '../wire/gue.js'
import { ICMP_LEN } from '../wire/icmp.js'
import { IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../wire/ipv4.js'
import { PORTS_LEN } from '../wire/ports.js'
import { UDP_LEN } from '../wire/udp.js'

/** What an address of ours is, bits of a number. OWN: our own or a virtual one; LOCAL: FULLNAT connections come from it. */
export const Kind = { OWN: 1, LOCAL: 2 } as const

/** The addresses that are ours, which the choice of a worker depends on. */
export interface LocalKinds {
  /** Says what a single address is, `Kind`s together, whatever was said before. */
  setLocal(addr: Ipv4Addr, kinds: number): void
  remove(addr: Ipv4Addr): void
  /** All of a block are our own (`--vip`), but those that were said to be something else. */
  addBlock(cidr: Cidr): void
  removeBlock(cidr: Cidr): void
}

export interface WorkerRules {
  readonly workers: number
  /** Clients that are equal in these bits belong to one worker. */
  readonly mask: Ipv4Addr
  /** Seed of the hash, so that no client can aim at a worker. */
  readonly seed: number
}

/** The worker of a client, of its connections and templates. */
export function workerOfAddress(addr: Ipv4Addr, { workers, mask, seed }: WorkerRules): number {
  let h = (addr & mask) ^ seed
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) % workers
}

/** Unreachable, source quench, redirect, time exceeded, parameter problem: a bit each. */
export const STEERED_ERRORS = (1 << 3) | (1 << 4) | (1 << 5) | (1 << 11) | (1 << 12)
export const HIGHEST_STEERED = 12
/** Datagrams whose first piece is remembered. */
export const MOST_PIECES = 4096

/** The choice, made in JavaScript: of frames that no kernel steers, and in tests. */
export class WorkerChoice implements LocalKinds {
  rules: WorkerRules
  readonly #kinds = new Map<Ipv4Addr, number>()
  readonly #blocks: Cidr[] = []
  /** Where first pieces went, by what the pieces of a datagram have in common. */
  readonly #pieces = new Map<string, number>()
  readonly #ip = new Ipv4View()
  readonly #quoted = new Ipv4View()
  readonly #inner = new Ipv4View()
  readonly #gre = new GreView()
  readonly #gue = new GueView()

  constructor(rules: WorkerRules) {
    this.rules = rules
  }

  setLocal(addr: Ipv4Addr, kinds: number): void {
    this.#kinds.set(addr, kinds)
  }
  remove(addr: Ipv4Addr): void {
    this.#kinds.delete(addr)
  }
  addBlock(cidr: Cidr): void {
    this.#blocks.push(cidr)
  }
  removeBlock({ addr, mask }: Cidr): void {
    const at = this.#blocks.findIndex(block => block.mask === mask && ((block.addr ^ addr) & mask) === 0)
    if (at >= 0) this.#blocks.splice(at, 1)
  }

  /** The worker of the IPv4 packet at `at`, of which `len` octets are there. */
  of(view: DataView, at: number, len: number): number {
    if (len < IPV4_MIN_LEN) return 0
    const ip = this.#ip.wrap(view, at)
    const kinds = this.#kindsOf(ip.dstAddr)
    if (kinds === 0) return this.#client(ip.dstAddr)
    const isLocal = (kinds & Kind.LOCAL) !== 0
    if (ip.protocol !== IpProtocol.ICMP && !isLocal) return this.#client(ip.srcAddr)
    const datagram = `${ip.srcAddr} ${ip.dstAddr} ${ip.id} ${ip.protocol}`
    if (ip.fragmentOffset !== 0) return this.#pieces.get(datagram) ?? this.#client(ip.srcAddr)
    const worker = this.#whole(view, at, len, isLocal)
    if (ip.moreFragments) this.#remember(datagram, worker)
    return worker
  }

  #remember(datagram: string, worker: number): void {
    this.#pieces.delete(datagram)
    if (this.#pieces.size === MOST_PIECES) this.#pieces.delete(this.#pieces.keys().next().value!)
    this.#pieces.set(datagram, worker)
  }

  #whole(view: DataView, at: number, len: number, isLocal: boolean): number {
    const { headerLen, protocol, srcAddr } = this.#ip
    const payload = at + headerLen
    const octets = len - headerLen
    if (protocol === IpProtocol.ICMP) {
      if (octets < 1 || !isSteeredError(view.getUint8(payload))) return this.#client(srcAddr)
      return this.#error(view, payload + ICMP_LEN, octets - ICMP_LEN, isLocal)
    }
    if (octets < PORTS_LEN) return this.#client(srcAddr)
    return this.#port(view.getUint16(payload + 2), srcAddr)
  }

  /** The worker by the packet at `at`, of which an error quotes `len` octets. */
  #error(view: DataView, at: number, len: number, isLocal: boolean): number {
    if (len < IPV4_MIN_LEN) return this.#client(this.#ip.srcAddr)
    const { headerLen, protocol, dstAddr } = this.#quoted.wrap(view, at)
    const payload = at + headerLen
    const octets = len - headerLen
    if (protocol === IpProtocol.IPIP) return this.#inside(view, payload, octets)
    if (protocol === IpProtocol.GRE) {
      if (octets < 1) return 0
      const gre = this.#gre.wrap(view, payload).hasChecksum ? GRE_LEN + GRE_CHECKSUM_LEN : GRE_LEN
      return this.#inside(view, payload + gre, octets - gre)
    }
    if (protocol === IpProtocol.UDP && this.#isGue(view, payload + UDP_LEN, octets - UDP_LEN))
      return this.#client(this.#inner.srcAddr)
    if (!isLocal || octets < PORTS_LEN) return this.#client(dstAddr)
    return this.#port(view.getUint16(payload), dstAddr)
  }

  /** The worker by the client's packet in a tunnel. */
  #inside(view: DataView, at: number, len: number): number {
    return len < IPV4_MIN_LEN ? 0 : this.#client(this.#inner.wrap(view, at).srcAddr)
  }
  /** Whether this is GUE with a packet to one of our addresses in it: a reply to a client has none. */
  #isGue(view: DataView, at: number, len: number): boolean {
    if (len < 2) return false
    const gue = this.#gue.wrap(view, at)
    if (!gue.isData || len < gue.headerLen + IPV4_MIN_LEN) return false
    return this.#kindsOf(this.#inner.wrap(view, at + gue.headerLen).dstAddr) !== 0
  }

  /** The worker by a port of a local address. A port that no FULLNAT connection has belongs to the virtual service at that address. */
  #port(port: number, client: Ipv4Addr): number {
    return port < FIRST_LOCAL_PORT ? this.#client(client) : port % this.rules.workers
  }
  #client(addr: Ipv4Addr): number {
    return workerOfAddress(addr, this.rules)
  }
  #kindsOf(addr: Ipv4Addr): number {
    const kinds = this.#kinds.get(addr)
    if (kinds !== undefined) return kinds
    return this.#blocks.some(block => ((addr ^ block.addr) & block.mask) === 0) ? Kind.OWN : 0
  }
}

function isSteeredError(type: number): boolean {
  return type <= HIGHEST_STEERED && ((STEERED_ERRORS >>> type) & 1) !== 0
}
