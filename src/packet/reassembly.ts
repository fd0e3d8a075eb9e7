/*
 * A piece of a datagram (RFC 791 §3.2, as Linux does it):
 * 1. of a length and place that may be         → DROP_FRAGMENT_MALFORMED; its datagram never is whole
 * 2. of a datagram that is known, or a new one; of one source at most 64, in all 256: the oldest goes
 *    (DROP_FRAGMENT_EVICTED), but not while places wait to be flushed → DROP_NO_MEMORY
 * 3. where nothing has come yet                → DROP_FRAGMENT_DUPLICATE; DROP_FRAGMENT_OVERLAP, and the datagram with it
 * 4. kept; the rest is awaited for 30 s        → HELD; DROP_FRAGMENT_TIMEOUT
 * 5. the last one missing: the packet is the whole datagram → PASS
 */
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { DF, ECN_BITS, Ecn, Ipv4View } from '../wire/ipv4.js'
import { Datagram, DATAGRAM_PLACE } from './datagram.js'
import { slabOver, type Slab } from './frame.js'
import type { Packet } from './packet.js'
import { Verdict } from './verdict.js'

const MOST = 256
const MOST_OF_ONE = 64
/** Linux's ipfrag_time. */
const PATIENCE_MS = 30_000

/**
 * Octets of IP packet in the buffer that Linux received the first piece in: of a datagram to itself the next pieces are put
 * into it while there is room. It depends on the driver; this is how it was measured (user-mode Linux, MTU 1500).
 */
const FIRST_BUFFER = 1712

export const REASSEMBLY_OCTETS = MOST * DATAGRAM_PLACE

/** Told of what becomes of frames that waited here. */
export interface ReassemblySink {
  /** Datagrams that were thrown away, with what had come of them. */
  lost(verdict: Verdict): void
  /** One whose first piece has come, and others not in time: that piece, `len` octets at `at`, as it came. */
  timedOut(port: number, slab: Slab, at: number, len: number): void
}

/** Datagrams whose pieces have not all come. Pieces are copied: they outlive their place in a device's ring. */
export class Reassembly {
  readonly #sink: ReassemblySink
  readonly #allocate: (octets: number) => Slab
  readonly #seed: number
  /** Made with the first piece that comes. */
  #slab = slabOver(new ArrayBuffer(0))
  /** By a hash of what tells datagrams apart; the oldest first. */
  readonly #known = new Map<number, Datagram>()
  readonly #free: Datagram[] = []
  /** Passed on whole, but perhaps not yet flushed: free again with the next turn. */
  readonly #spent: Datagram[] = []
  readonly #ip = new Ipv4View()
  #now = 0

  /** `seed`: so that nobody can aim at a hash. */
  constructor(allocate: (octets: number) => Slab, seed: number, sink: ReassemblySink) {
    this.#allocate = allocate
    this.#seed = seed
    this.#sink = sink
  }

  /** Takes a piece, of a datagram to one of our addresses or not; on PASS the packet is the whole datagram, its transport header found. */
  receive(packet: Packet, isLocal: boolean): Verdict {
    const { ip } = packet
    const isLast = !ip.moreFragments
    // All but the last hold whole 8 octets; what is more of it Linux cuts off.
    const len = isLast ? packet.transportLen : packet.transportLen & ~7
    const from = ip.fragmentOffset * 8
    const to = from + len
    const key = this.#keyOf(packet)
    const known = this.#find(key, packet)
    if (len === 0) {
      if (known !== undefined) this.#end(key, known, this.#free)
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
    return datagram.isWhole ? this.#finish(key, packet, datagram, isLocal) : Verdict.HELD
  }

  /** Once a turn: what was passed on has been flushed; who has waited too long is given up. */
  poll(now: number): void {
    this.#now = now
    while (this.#spent.length > 0) this.#free.push(this.#spent.pop()!)
    if (this.#known.size === 0) return
    for (const [key, datagram] of this.#known) {
      if (datagram.deadline > now) break
      this.#end(key, datagram, this.#spent)
      this.#sink.lost(Verdict.DROP_FRAGMENT_TIMEOUT)
      if (datagram.firstLen === 0) continue
      const at = datagram.payloadAt - datagram.headerLen - ETHERNET_LEN
      this.#sink.timedOut(datagram.port, this.#slab, at, ETHERNET_LEN + datagram.firstLen)
    }
  }
  /** How long a poll may be put off, in ms. */
  get idleMs(): number {
    for (const { deadline } of this.#known.values()) return Math.max(0, Math.ceil(deadline - this.#now))
    return Infinity
  }
  /** Datagrams whose pieces are held. */
  get count(): number {
    return this.#known.size
  }
  /** Forgets all. */
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
  #begin(key: number, { ip, port }: Packet): Datagram | undefined {
    if (this.#slab.bytes.length === 0 && !this.#make()) return undefined
    if (this.#known.size >= MOST_OF_ONE) this.#makeRoom(ip.srcAddr)
    const datagram = this.#free.pop()
    if (datagram === undefined) return undefined
    datagram.begin(ip.srcAddr, ip.dstAddr, ip.id, ip.protocol, port, this.#now + PATIENCE_MS)
    this.#known.set(key, datagram)
    return datagram
  }
  /** False where there is no memory to be had: asked for again with the next piece. */
  #make(): boolean {
    try {
      this.#slab = this.#allocate(REASSEMBLY_OCTETS)
    } catch {
      return false
    }
    for (let place = 0; place < MOST; place++) this.#free.push(new Datagram(place))
    return true
  }
  /** The oldest of a source that has its share, or else of all, goes if need be. */
  #makeRoom(src: number): void {
    let ofOne = 0
    let oldest: [number, Datagram] | undefined
    for (const entry of this.#known) {
      if (entry[1].src !== src) continue
      oldest ??= entry
      ofOne++
    }
    if (ofOne < MOST_OF_ONE) {
      // Places that are spent are free with the next turn: until then nobody's datagram pays for them.
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
    // The first brings the headers along.
    const header = from === 0 ? ETHERNET_LEN + headerLen : 0
    this.#slab.bytes.set(slab.bytes.subarray(transportAt - header, transportAt + to - from), at - header)
    if (from > 0) {
      datagram.restHeaderLen = Math.min(datagram.restHeaderLen, headerLen)
      return
    }
    datagram.headerLen = transportAt - ipAt
    datagram.firstLen = size
  }

  #finish(key: number, packet: Packet, datagram: Datagram, isLocal: boolean): Verdict {
    this.#end(key, datagram, this.#spent)
    const { headerLen, payloadAt, total } = datagram
    if (headerLen + total > 0xffff) return Verdict.DROP_FRAGMENT_MALFORMED
    const ecn = reassembledEcn(datagram.ecn)
    if (ecn < 0) return Verdict.DROP_FRAGMENT_MALFORMED
    // Only what the largest piece forbade is forbidden: so that a path's MTU is still found (as Linux does).
    const flags = datagram.largestDf === datagram.largest ? DF : 0
    const ipAt = payloadAt - headerLen
    const ip = this.#ip.wrap(this.#slab.view, ipAt)
    ip.makeWhole(headerLen + total, flags, ip.tos | ecn)
    packet.wrap(packet.port, this.#slab, ipAt - ETHERNET_LEN, ETHERNET_LEN + headerLen + total)
    packet.vnet.clear()
    packet.wrapIp()
    packet.ipLen = headerLen + total
    packet.transportAt = payloadAt
    packet.transportLen = total
    packet.largestPiece = datagram.largest
    packet.pieceStarts = datagram.starts
    packet.firstPieceLen = datagram.firstPieceLen(isLocal ? FIRST_BUFFER - headerLen : 0)
    packet.pieceHeaderLen = datagram.restHeaderLen
    packet.piecesDf = flags === DF
    packet.piecesAt = payloadAt
    return Verdict.PASS
  }
  #spoilt(key: number, datagram: Datagram): Verdict {
    this.#end(key, datagram, this.#free)
    return Verdict.DROP_FRAGMENT_OVERLAP
  }
  #evict(key: number, datagram: Datagram): void {
    this.#end(key, datagram, this.#free)
    this.#sink.lost(Verdict.DROP_FRAGMENT_EVICTED)
  }
  #end(key: number, datagram: Datagram, to: Datagram[]): void {
    this.#known.delete(key)
    to.push(datagram)
  }
}

/** A piece beyond 65535 is not kept, so that its datagram never is whole. */
function spoil(datagram: Datagram, to: number, isLast: boolean): Verdict {
  if (isLast) datagram.total = to
  datagram.high = Math.max(datagram.high, to)
  return Verdict.DROP_FRAGMENT_MALFORMED
}

/** RFC 3168 §5.3: what the pieces' ECN codepoints, a bit each, come to: bits to be set in the TOS, −1 for pieces that do not fit. */
function reassembledEcn(seen: number): number {
  const [notEct, ce] = [1 << Ecn.NOT_ECT, 1 << Ecn.CE]
  if ((seen & notEct) !== 0) return seen === notEct ? 0 : -1
  return (seen & ce) !== 0 ? Ecn.CE : 0
}
