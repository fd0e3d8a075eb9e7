/*
 * A fragment, also called a piece (RFC 791 §3.2, as Linux does it):
 * 1. are its length and offset possible?      else DROP_FRAGMENT_MALFORMED, and its datagram is never completed
 * 2. its datagram is found or begun. At most 64 datagrams a source, 256 in all: the oldest is evicted
 *    (DROP_FRAGMENT_EVICTED), or, while slots wait to be flushed, the new one is dropped (DROP_NO_MEMORY)
 * 3. is its range new?                        known: DROP_FRAGMENT_DUPLICATE; partly: DROP_FRAGMENT_OVERLAP with the datagram
 * 4. kept; the others may take 30 s           → HELD; later DROP_FRAGMENT_TIMEOUT
 * 5. it was the last one missing              → PASS; the packet is now the whole datagram
 */
import type { Ipv4Addr } from '../wire/addr.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { DF, ECN_BITS, Ecn, Ipv4View } from '../wire/ipv4.js'
import { Datagram, DATAGRAM_PLACE } from './datagram.js'
import { slabOver, type Slab } from './frame.js'
import type { LaterFates } from './later-fates.js'
import type { Packet } from './packet.js'
import { Verdict } from './verdict.js'

const MOST = 256
const MOST_OF_ONE = 64
/** Linux's ipfrag_time. */
const PATIENCE_MS = 30_000

/**
 * Octets of IP packet that fit into the buffer in which Linux received the first fragment. For a datagram to itself, Linux
 * merges the next fragments into it while there is room. Depends on the driver; measured on user-mode Linux, MTU 1500.
 */
const FIRST_BUFFER = 1712

export const REASSEMBLY_OCTETS = MOST * DATAGRAM_PLACE

/** Is told what became of datagrams that were held. */
export interface ReassemblySink {
  /** A datagram was thrown away, with all its fragments. */
  lost(verdict: Verdict): void
  /** A datagram timed out after its first fragment had come. That fragment, as it came: `len` octets at `at`. */
  timedOut(link: number, slab: Slab, at: number, len: number): void
}

/** Incomplete datagrams. Fragments are copied, since they outlive their place in a device's ring. */
export class Reassembly {
  readonly #sink: ReassemblySink
  readonly #fates: LaterFates
  readonly #allocate: (octets: number) => Slab
  readonly #seed: number
  /** Allocated when the first fragment comes. */
  #slab = slabOver(new ArrayBuffer(0))
  /** By `#keyOf`, oldest first. */
  readonly #known = new Map<number, Datagram>()
  readonly #free: Datagram[] = []
  /** Passed on, but perhaps not yet flushed. They become free in the next turn. */
  readonly #spent: Datagram[] = []
  readonly #ip = new Ipv4View()
  #nowMs = 0

  /** `seed` is mixed into the hash, so that an attacker cannot provoke collisions. */
  constructor(allocate: (octets: number) => Slab, seed: number, sink: ReassemblySink, fates: LaterFates) {
    this.#allocate = allocate
    this.#fates = fates
    this.#seed = seed
    this.#sink = sink
  }

  /**
   * Takes a fragment. `isToUs`: it is for one of our addresses. On PASS the packet is the whole datagram, its transport
   * header found.
   */
  receive(packet: Packet, isToUs: boolean): Verdict {
    const { ip } = packet
    const isLast = !ip.moreFragments
    // All but the last must hold a multiple of 8 octets. Linux cuts off the rest.
    const len = isLast ? packet.transportLen : packet.transportLen & ~7
    const from = ip.fragmentOffset * 8
    const to = from + len
    const key = this.#keyOf(packet)
    const known = this.#find(key, packet)
    if (len === 0) {
      if (known !== undefined) this.#lose(key, known, Verdict.DROP_FRAGMENT_MALFORMED)
      return Verdict.DROP_FRAGMENT_MALFORMED
    }
    const datagram = known ?? this.#begin(key, packet)
    if (datagram === undefined) return Verdict.DROP_NO_MEMORY
    const isBeyond = datagram.total >= 0 && to > datagram.total
    if (isBeyond || (isLast && (to < datagram.high || (datagram.total >= 0 && to !== datagram.total))))
      return this.#spoilt(key, datagram)
    if (to + ip.headerLen > 0xffff) return spoil(datagram, to, isLast)
    const before = datagram.known(from, to)
    if (before === 'all') return Verdict.DROP_FRAGMENT_DUPLICATE
    if (before === 'part') return this.#spoilt(key, datagram)
    if (isLast) datagram.total = to
    this.#keep(packet, datagram, from, to)
    if (datagram.isWhole) return this.#finish(key, packet, datagram, isToUs)
    datagram.waiting++
    return Verdict.HELD
  }

  /** Once a turn. Frees the datagrams passed on, which have been flushed by now, and gives up those past their deadline. */
  poll(nowMs: number): void {
    this.#nowMs = nowMs
    while (this.#spent.length > 0) this.#free.push(this.#spent.pop()!)
    if (this.#known.size === 0) return
    for (const [key, datagram] of this.#known) {
      if (datagram.deadline > nowMs) break
      this.#lose(key, datagram, Verdict.DROP_FRAGMENT_TIMEOUT, this.#spent)
      this.#sink.lost(Verdict.DROP_FRAGMENT_TIMEOUT)
      if (datagram.firstLen === 0) continue
      const at = datagram.payloadAt - datagram.headerLen - ETHERNET_LEN
      this.#sink.timedOut(datagram.link, this.#slab, at, ETHERNET_LEN + datagram.firstLen)
    }
  }
  /** How long the next poll may wait, in ms. */
  get idleMs(): number {
    for (const { deadline } of this.#known.values()) return Math.max(0, Math.ceil(deadline - this.#nowMs))
    return Infinity
  }
  /** Datagrams held. */
  get count(): number {
    return this.#known.size
  }
  /** Pieces that wait for others. */
  get pieces(): number {
    return [...this.#known.values()].reduce((so, { waiting }) => so + waiting, 0)
  }
  /** Forgets all. The fates are cleared with it. */
  clear(): void {
    for (const [key, datagram] of this.#known) this.#end(key, datagram, this.#free)
  }

  #keyOf({ ip }: Packet): number {
    let h = Math.imul(ip.srcAddr ^ this.#seed, 0xcc9e2d51)
    h = Math.imul((h << 15) | (h >>> 17), 0x1b873593) ^ ip.dstAddr
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) ^ ip.protocol
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return ((h ^ (h >>> 16)) >>> 0) * 0x10000 + ip.id
  }
  #find(key: number, { ip }: Packet): Datagram | undefined {
    const datagram = this.#known.get(key)
    if (datagram === undefined) return undefined
    const isIt = datagram.src === ip.srcAddr && datagram.dst === ip.dstAddr && datagram.protocol === ip.protocol
    if (isIt) return datagram
    this.#evict(key, datagram)
    return undefined
  }
  #begin(key: number, { ip, link }: Packet): Datagram | undefined {
    if (this.#slab.bytes.length === 0 && !this.#make()) return undefined
    if (this.#known.size >= MOST_OF_ONE) this.#makeRoom(ip.srcAddr)
    const datagram = this.#free.pop()
    if (datagram === undefined) return undefined
    datagram.begin(ip.srcAddr, ip.dstAddr, ip.id, ip.protocol, link, this.#nowMs + PATIENCE_MS)
    this.#known.set(key, datagram)
    return datagram
  }
  /** Allocates the slab. Returns false without memory; the next fragment tries again. */
  #make(): boolean {
    try {
      this.#slab = this.#allocate(REASSEMBLY_OCTETS)
    } catch {
      return false
    }
    for (let place = 0; place < MOST; place++) this.#free.push(new Datagram(place))
    return true
  }
  /** Evicts the source's oldest datagram if the source has its share, or else the oldest of all if no slot is free. */
  #makeRoom(src: Ipv4Addr): void {
    let ofOne = 0
    let oldest: [number, Datagram] | undefined
    for (const entry of this.#known) {
      if (entry[1].src !== src) continue
      oldest ??= entry
      ofOne++
    }
    if (ofOne < MOST_OF_ONE) {
      // Spent slots are free in the next turn. Do not evict a datagram for want of them.
      if (this.#free.length > 0 || this.#spent.length > 0) return
      oldest = this.#known.entries().next().value
    }
    if (oldest !== undefined) this.#evict(...oldest)
  }

  #keep({ ip, slab, ipAt, transportAt }: Packet, datagram: Datagram, from: number, to: number): void {
    datagram.mark(from, to)
    const { headerLen } = ip
    const size = headerLen + to - from
    datagram.largest = Math.max(datagram.largest, size)
    if (ip.dontFragment) datagram.largestDf = Math.max(datagram.largestDf, size)
    datagram.ecn |= 1 << (ip.tos & ECN_BITS)
    const at = datagram.payloadAt + from
    // Of the first fragment the headers are kept too.
    const header = from === 0 ? ETHERNET_LEN + headerLen : 0
    this.#slab.bytes.set(slab.bytes.subarray(transportAt - header, transportAt + to - from), at - header)
    if (from > 0) {
      datagram.restHeaderLen = Math.min(datagram.restHeaderLen, headerLen)
      return
    }
    datagram.headerLen = transportAt - ipAt
    datagram.firstLen = size
  }

  #finish(key: number, packet: Packet, datagram: Datagram, isToUs: boolean): Verdict {
    const { headerLen, payloadAt, total } = datagram
    const ecn = reassembledEcn(datagram.ecn)
    if (headerLen + total > 0xffff || ecn < 0) {
      this.#lose(key, datagram, Verdict.DROP_FRAGMENT_MALFORMED, this.#spent)
      return Verdict.DROP_FRAGMENT_MALFORMED
    }
    this.#fates.join(datagram.waiting)
    this.#end(key, datagram, this.#spent)
    // DF only if the largest fragment had it, so that path MTU discovery still works (as Linux does).
    const flags = datagram.largestDf === datagram.largest ? DF : 0
    const ipAt = payloadAt - headerLen
    const ip = this.#ip.wrap(this.#slab.view, ipAt)
    ip.makeWhole(headerLen + total, flags, ip.tos | ecn)
    packet.wrap(packet.link, this.#slab, ipAt - ETHERNET_LEN, ETHERNET_LEN + headerLen + total)
    packet.vnet.clear()
    packet.wrapIp()
    packet.ipLen = headerLen + total
    packet.transportAt = payloadAt
    packet.transportLen = total
    packet.largestPiece = datagram.largest
    packet.pieceStarts = datagram.starts
    packet.firstPieceLen = datagram.firstPieceLen(isToUs ? FIRST_BUFFER - headerLen : 0)
    packet.pieceHeaderLen = datagram.restHeaderLen
    packet.piecesDf = flags === DF
    packet.piecesAt = payloadAt
    return Verdict.PASS
  }
  #spoilt(key: number, datagram: Datagram): Verdict {
    this.#lose(key, datagram, Verdict.DROP_FRAGMENT_OVERLAP)
    return Verdict.DROP_FRAGMENT_OVERLAP
  }
  #evict(key: number, datagram: Datagram): void {
    this.#lose(key, datagram, Verdict.DROP_FRAGMENT_EVICTED)
    this.#sink.lost(Verdict.DROP_FRAGMENT_EVICTED)
  }
  /** Its pieces go no further, for that reason. */
  #lose(key: number, datagram: Datagram, verdict: Verdict, to = this.#free): void {
    this.#fates.losePieces(verdict, datagram.waiting)
    this.#end(key, datagram, to)
  }
  #end(key: number, datagram: Datagram, to: Datagram[]): void {
    this.#known.delete(key)
    to.push(datagram)
  }
}

/** Does not keep a fragment that ends beyond 65535, so that its datagram is never completed. */
function spoil(datagram: Datagram, to: number, isLast: boolean): Verdict {
  if (isLast) datagram.total = to
  datagram.high = Math.max(datagram.high, to)
  return Verdict.DROP_FRAGMENT_MALFORMED
}

/**
 * RFC 3168 §5.3. `seen`: a bit for each codepoint. Returns the bits to set in the TOS, −1 if the fragments contradict
 * each other.
 */
function reassembledEcn(seen: number): number {
  const [notEct, ce] = [1 << Ecn.NOT_ECT, 1 << Ecn.CE]
  if ((seen & notEct) !== 0) return seen === notEct ? 0 : -1
  return (seen & ce) !== 0 ? Ecn.CE : 0
}
