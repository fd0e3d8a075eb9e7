import type { Ipv4Addr } from '../wire/addr.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { IPV4_MAX_HEADER_LEN } from '../wire/ipv4.js'
import { HEADROOM, VNET_LEN } from './frame.js'

const MOST_OCTETS = 0x10000
/** A bit for each 8 octets. */
const MAP_OCTETS = MOST_OCTETS / 8 / 8
/** Where a datagram's payload starts in its slot. Before it there is room for the longest header. */
const PAYLOAD_AT = HEADROOM + VNET_LEN + ETHERNET_LEN + IPV4_MAX_HEADER_LEN
/** Octets of one datagram's slot in the slab. */
export const DATAGRAM_PLACE = PAYLOAD_AT + MOST_OCTETS

/** A datagram under reassembly. A piece is a fragment; offsets and lengths are octets of the payload. */
export class Datagram {
  /** Where in the slab the payload goes. */
  readonly payloadAt: number
  src = 0 as Ipv4Addr
  dst = 0 as Ipv4Addr
  id = 0
  protocol = 0
  /** Index of the link that the first fragment came in by. */
  link = 0
  /** ms */
  deadline = 0
  /** Length of the payload; −1 until the last fragment (MF clear) has come. */
  total = -1
  /** The highest end of a fragment so far. */
  high = 0
  /** Octets of the first fragment (offset 0), IP header counted; 0 until it has come. */
  firstLen = 0
  headerLen = 0
  /** Octets of the shortest IP header among the fragments behind the first. */
  restHeaderLen = IPV4_MAX_HEADER_LEN
  /** The largest fragment, and the largest with DF; octets, IP header counted. */
  largest = 0
  largestDf = 0
  /** A bit for each ECN codepoint that a fragment had. */
  ecn = 0
  /** Pieces that wait: their verdict was HELD. */
  waiting = 0
  #blocks = 0
  /** A bit for each 8 octets that have come. */
  readonly #seen = new Uint8Array(MAP_OCTETS)
  /** A bit for each 8 octets that begin a fragment. */
  readonly starts = new Uint8Array(MAP_OCTETS)
  /** A bit for each 8 octets that begin a run: fragments that came one after the other in the order of their offsets, as Linux joins them. */
  readonly #runs = new Uint8Array(MAP_OCTETS)

  constructor(place: number) {
    this.payloadAt = place * DATAGRAM_PLACE + PAYLOAD_AT
  }

  begin(src: Ipv4Addr, dst: Ipv4Addr, id: number, protocol: number, link: number, deadline: number): void {
    this.src = src
    this.dst = dst
    this.id = id
    this.protocol = protocol
    this.link = link
    this.deadline = deadline
    this.total = -1
    this.high = 0
    this.firstLen = 0
    this.largest = 0
    this.largestDf = 0
    this.restHeaderLen = IPV4_MAX_HEADER_LEN
    this.ecn = 0
    this.waiting = 0
    this.#blocks = 0
    this.#seen.fill(0)
    this.starts.fill(0)
    this.#runs.fill(0)
  }

  /** How much of `from` … `to` has come before: nothing, all of it within one run, or anything else. */
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
  /** Records a fragment. It continues a run if it begins at `high`; otherwise it begins one. */
  mark(from: number, to: number): void {
    const [first, end] = [from >>> 3, (to + 7) >>> 3]
    for (let i = first; i < end; i++) this.#seen[i >>> 3]! |= 1 << (i & 7)
    this.starts[first >>> 3]! |= 1 << (first & 7)
    if (from !== this.high) this.#runs[first >>> 3]! |= 1 << (first & 7)
    this.high = Math.max(this.high, to)
    this.#blocks += end - first
  }
  /** Octets of payload in the first fragment and those after it, as many as fit together into `room` octets. */
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
