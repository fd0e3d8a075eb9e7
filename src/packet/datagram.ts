import { ETHERNET_LEN } from '../wire/ethernet.js'
import { IPV4_MAX_HEADER_LEN } from '../wire/ipv4.js'
import { HEADROOM, VNET_LEN } from './frame.js'

const MOST_OCTETS = 0x10000
/** A bit for each 8 octets. */
const MAP_OCTETS = MOST_OCTETS / 8 / 8
/** Where a datagram's payload starts in its place: before it is room for the longest header. */
const PAYLOAD_AT = HEADROOM + VNET_LEN + ETHERNET_LEN + IPV4_MAX_HEADER_LEN
/** Octets of slab for one datagram. */
export const DATAGRAM_PLACE = PAYLOAD_AT + MOST_OCTETS

/** A datagram in pieces: what has come of it. Offsets and lengths are octets of its payload. */
export class Datagram {
  /** Where in the slab its payload goes. */
  readonly payloadAt: number
  src = 0
  dst = 0
  id = 0
  protocol = 0
  /** Index of the port that its first piece came in by. */
  port = 0
  /** ms */
  deadline = 0
  /** The length, once the last piece has come; until then −1. */
  total = -1
  /** The end of what has come so far. */
  high = 0
  /** Octets, IP header counted, of the first piece; 0 until it has come. */
  firstLen = 0
  headerLen = 0
  /** The largest piece, and the largest with DF; octets, IP header counted. */
  largest = 0
  largestDf = 0
  /** A bit for each ECN codepoint that a piece had. */
  ecn = 0
  #blocks = 0
  /** Which 8 octets have come, and which of them began a piece. */
  readonly #seen = new Uint8Array(MAP_OCTETS)
  readonly starts = new Uint8Array(MAP_OCTETS)
  /** Which began a run: pieces that came one after the other in the order of their offsets, as Linux keeps them. */
  readonly #runs = new Uint8Array(MAP_OCTETS)

  constructor(place: number) {
    this.payloadAt = place * DATAGRAM_PLACE + PAYLOAD_AT
  }

  begin(src: number, dst: number, id: number, protocol: number, port: number, deadline: number): void {
    this.src = src
    this.dst = dst
    this.id = id
    this.protocol = protocol
    this.port = port
    this.deadline = deadline
    this.total = -1
    this.high = 0
    this.firstLen = 0
    this.largest = 0
    this.largestDf = 0
    this.ecn = 0
    this.#blocks = 0
    this.#seen.fill(0)
    this.starts.fill(0)
    this.#runs.fill(0)
  }

  /** How much of a piece has come before: nothing, all of it in one run, or something else. */
  known(from: number, to: number): 'none' | 'all' | 'part' {
    const [first, end] = [from >>> 3, (to + 7) >>> 3]
    let known = 0
    let runs = 0
    for (let i = first; i < end; i++) {
      known += (this.#seen[i >>> 3]! >>> (i & 7)) & 1
      if (i > first) runs += (this.#runs[i >>> 3]! >>> (i & 7)) & 1
    }
    if (known === 0) return 'none'
    return known === end - first && runs === 0 ? 'all' : 'part'
  }
  /** A piece that begins where the last of all ended goes on with its run; any other begins one. */
  mark(from: number, to: number): void {
    const [first, end] = [from >>> 3, (to + 7) >>> 3]
    for (let i = first; i < end; i++) this.#seen[i >>> 3]! |= 1 << (i & 7)
    this.starts[first >>> 3]! |= 1 << (first & 7)
    if (from !== this.high) this.#runs[first >>> 3]! |= 1 << (first & 7)
    this.high = Math.max(this.high, to)
    this.#blocks += end - first
  }
  /** Octets of the first piece and of those behind it that fit into `room` octets with it. */
  firstPieceLen(room: number): number {
    let len = this.#pieceEnd(0)
    while (len < this.total) {
      const end = this.#pieceEnd(len)
      if (end > room) break
      len = end
    }
    return len
  }
  #pieceEnd(from: number): number {
    let block = (from >>> 3) + 1
    while (block * 8 < this.total && ((this.starts[block >>> 3]! >>> (block & 7)) & 1) === 0) block++
    return Math.min(block * 8, this.total)
  }
  get isWhole(): boolean {
    return this.total >= 0 && this.#blocks === (this.total + 7) >>> 3
  }
}
