/*
 * Fragments a datagram (RFC 791 §3.2; a piece is a fragment). A reassembled one leaves in the fragments that it came in, if
 * all of them fit, as from the kernel (case fragments-nat-udp). Otherwise the fragments are as large as the route's MTU and
 * the largest fragment that came in allow. In a tunnel the first fragment is longer by the tunnel's headers.
 */
import { Packet } from '../packet/packet.js'
import { finishChecksum } from '../packet/partial-checksum.js'
import type { TurnMemory } from '../packet/turn-memory.js'
import { Verdict } from '../packet/verdict.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { DF, IpOption, MF } from '../wire/ipv4.js'
import type { Hop } from './hop.js'

/** Sends fragments or segments, one a call. */
export interface PieceSink {
  piece(packet: Packet, hop: Hop): Verdict
}

export class Fragmenter {
  readonly #memory: TurnMemory
  readonly #piece = new Packet()

  constructor(memory: TurnMemory) {
    this.#memory = memory
  }

  /**
   * Sends the packet in fragments that fit the hop's MTU. Returns SENT, or the verdict on the first fragment not sent. `keepsDf`: they have
   * DF if the packet has.
   */
  split(packet: Packet, hop: Hop, sink: PieceSink, keepsDf = false): Verdict {
    finishChecksum(packet)
    const { mtu } = hop
    const headerLen = packet.ip.headerLen
    const most = packet.largestPiece === 0 ? mtu : Math.min(mtu, packet.largestPiece)
    const step = (most - headerLen) & ~7
    const total = packet.ipLen - headerLen
    if (step <= 0) return Verdict.DROP_TOO_BIG
    const before = packet.piecesAt - packet.ipAt - headerLen
    const first = before + packet.firstPieceLen
    const isRoom = packet.largestPiece !== 0 && headerLen <= packet.pieceHeaderLen
    const keepsPieces = isRoom && piecesFit(packet, before, total, most - headerLen)
    // A reassembled datagram that is cut anew keeps the DF of its fragments. Of the packets that came whole, only an ICMP
    // error is cut in spite of DF; its fragments get none.
    const isDf = keepsDf ? packet.ip.dontFragment : packet.largestPiece !== 0 && packet.piecesDf && !keepsPieces
    // The packet itself may be a fragment: then MF stays set on its last part too.
    const last = packet.ip.moreFragments ? MF : 0
    let verdict: Verdict = Verdict.SENT
    for (let from = 0; from < total;) {
      let to = Math.min(from + step, total)
      if (keepsPieces) to = from === 0 ? first : before + nextStart(packet.pieceStarts, from - before, total - before)
      const flags = (to === total ? last : MF) | (isDf ? DF : 0)
      const made = this.#make(packet, headerLen, from, to, flags)
      const sent = made ? sink.piece(this.#piece, hop) : Verdict.DROP_NO_MEMORY
      if (verdict === Verdict.SENT) verdict = sent
      from = to
    }
    return verdict
  }

  /** Makes the fragment of the octets `from` … `to` behind the IP header. Returns false without memory. */
  #make(packet: Packet, headerLen: number, from: number, to: number, flags: number): boolean {
    const memory = this.#memory
    const len = ETHERNET_LEN + headerLen + to - from
    const at = memory.place(len)
    if (at < 0) return false
    const { bytes } = packet.slab
    const payload = packet.ipAt + headerLen
    const to_ = memory.slab.bytes
    to_.set(bytes.subarray(packet.at, payload), at)
    to_.set(bytes.subarray(payload + from, payload + to), at + ETHERNET_LEN + headerLen)
    const piece = this.#piece.wrap(packet.link, memory.slab, at, len)
    piece.vnet.clear()
    piece.wrapIp()
    piece.ipLen = len - ETHERNET_LEN
    piece.protocol = packet.protocol
    piece.transportAt = at + ETHERNET_LEN + headerLen
    piece.transportLen = to - from
    if (from > 0) blankOptions(to_, piece.ipAt, headerLen)
    piece.ip.makePiece(piece.ipLen, (packet.ip.fragmentOffset + (from >>> 3)) | flags)
    return true
  }
}

/**
 * Whether the datagram can leave in the fragments that it came in, each of at most `most` octets of payload. The first is
 * longer by the `before` octets of a tunnel's headers.
 */
function piecesFit({ pieceStarts, firstPieceLen }: Packet, before: number, total: number, most: number): boolean {
  const first = before + firstPieceLen
  if (first === total || (first & 7) !== 0 || first > most) return false
  for (let from = firstPieceLen; from < total - before;) {
    const to = nextStart(pieceStarts, from, total - before)
    if (to - from > most) return false
    from = to
  }
  return true
}
function nextStart(starts: Uint8Array, from: number, total: number): number {
  for (let block = (from >>> 3) + 1; block * 8 < total; block++)
    if (((starts[block >>> 3]! >>> (block & 7)) & 1) !== 0) return block * 8
  return total
}

/** Replaces the options that only the first fragment carries (copied flag 0) by NOPs. */
function blankOptions(bytes: Uint8Array, ipAt: number, headerLen: number): void {
  for (let i = 20; i < headerLen;) {
    const type = bytes[ipAt + i]!
    if (type === IpOption.END) return
    const len = type === IpOption.NOP ? 1 : bytes[ipAt + i + 1]!
    if (type !== IpOption.NOP && (len < 2 || i + len > headerLen)) return
    if (type !== IpOption.NOP && (type & IpOption.COPIED) === 0) bytes.fill(IpOption.NOP, ipAt + i, ipAt + i + len)
    i += len
  }
}
