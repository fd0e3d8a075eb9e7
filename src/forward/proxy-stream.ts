/*
 * Inserts a PROXY header at the beginning of a TCP connection that passes through: the real server receives `len` octets
 * that the client never sent. Sequence numbers to the server are higher by `len`, acknowledgements from it lower by `len`.
 *
 * 1. SYN: its data (TCP Fast Open) is cut off; the client sends them again, since nothing acknowledges them
 * 2. the client's ACK of the handshake: the header is sent in place of it, with its acknowledgement and options
 * 3. until the server has acknowledged the header: the header is sent again before each segment that the client retransmits
 *    from the beginning of the stream
 * 4. from then on: only sequence and acknowledgement numbers are rewritten
 *
 * The client never sees a part of the header acknowledged. Numbers are compared by the sign of their difference, which is
 * right only near the beginning of the stream; step 4 compares none.
 *
 * The real server trusts the first octets of the stream. No client may get its own octets there:
 *
 * - no octet of the client passes before the server's SYN+ACK has acknowledged the SYN that the header follows (ANSWERED).
 *   A local side (LIP and port) serves one SYN's sequence number, and another SYN only after the server has acknowledged
 *   the first one's header (`isAnother`; `#inherits` in director/path/opener.ts)
 * - no octet passes before the header has been sent (SENT), and none at the header's sequence numbers or below (`#guard`)
 * - a SYN after the header was sent is turned into an ACK. The server answers it with its state or a reset; it never begins
 *   a stream without a header
 * - MPTCP's option is removed: its mappings could reorder the octets
 *
 * Not prevented: for two minutes, a real server that is flooded and keeps no state (SYN cookies) accepts a cookie from an
 * earlier connection of the same local address and port.
 */
import { ACKED_SEQ, FIRST_SEQ, HAND_OVER, HandOver, keyAt, NEXT_SEQ, type FullnatKeys } from '../conn/fullnat-keys.js'
import { CADDR, CPORT_VPORT, VADDR, type ConnIndex } from '../conn/record.js'
import { TcpState } from '../conn/tcp-states.js'
import type { Connections } from '../conn/connections.js'
import type { Slab } from '../packet/frame.js'
import { Packet } from '../packet/packet.js'
import type { TurnMemory } from '../packet/turn-memory.js'
import { Verdict } from '../packet/verdict.js'
import type { ClientAddress } from '../service/method.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { TCP_MIN_LEN, TcpFlag, TcpOption } from '../wire/tcp.js'
import { isPartial } from './nat.js'
import type { Hop } from './hop.js'
import type { Transmitter } from './output.js'
import { proxyHeaderLen, writeProxyHeader } from './proxy-header.js'
import { stripOption } from './toa.js'

/** In HAND_OVER, the header's length stands above the HandOver bits. */
const LEN_SHIFT = 16
/** Two NOPs and a timestamps option (RFC 7323 appendix A): the only options of nearly every segment. */
const TIMESTAMPS_ONLY = 0x0101080a
const TIMESTAMPS_HEADER_LEN = TCP_MIN_LEN + 12

export class ProxyStream {
  readonly #conns: Connections
  readonly #fullnatKeys: FullnatKeys
  readonly #output: Transmitter
  readonly #memory: TurnMemory
  /** The segment that carries the header. */
  readonly #packet = new Packet()

  constructor(conns: Connections, output: Transmitter, memory: TurnMemory) {
    this.#conns = conns
    this.#fullnatKeys = conns.fullnatKeys
    this.#output = output
    this.#memory = memory
  }

  /** Takes a client's segment, already addressed to the real server. Sends it, and the header before it if it is due. */
  inbound(packet: Packet, conn: ConnIndex, hop: Hop): Verdict {
    const { words } = this.#fullnatKeys
    const at = keyAt(conn)
    const { tcp, signal } = packet
    if (!tcp.isValid(packet.transportLen)) return this.#output.transmit(packet, hop)
    if ((signal & TcpFlag.SYN) !== 0) this.#syn(packet, conn, at)
    else if ((words[at + HAND_OVER]! & HandOver.ANSWERED) === 0) cutData(packet)
    else {
      if ((words[at + HAND_OVER]! & HandOver.DONE) === 0) {
        const verdict = this.#headerFirst(packet, conn, at, hop)
        if (verdict !== Verdict.PASS) return verdict
      }
      this.#shift(packet, at)
      this.#guard(packet, at)
    }
    return this.#output.transmit(packet, hop)
  }

  /** Whether the packet is another SYN than the one that began this connection, which is not established. */
  isAnother({ tcp }: Packet, conn: ConnIndex): boolean {
    const { words } = this.#fullnatKeys
    const at = keyAt(conn)
    if (this.#conns.stateOf(conn) === TcpState.ESTABLISHED || (words[at + HAND_OVER]! & HandOver.BEGUN) === 0)
      return false
    return words[at + FIRST_SEQ] !== (tcp.seq | 0)
  }

  /** Takes a real server's segment, before or after its addresses were rewritten. */
  outbound(packet: Packet, conn: ConnIndex): void {
    const { words } = this.#fullnatKeys
    const at = keyAt(conn)
    const { tcp, signal } = packet
    const state = words[at + HAND_OVER]!
    if ((state & HandOver.BEGUN) === 0 || (signal & TcpFlag.ACK) === 0 || !tcp.isValid(packet.transportLen)) return
    const partial = isPartial(packet)
    const len = state >>> LEN_SHIFT
    if ((signal & TcpFlag.SYN) !== 0) {
      if (((tcp.ack - words[at + FIRST_SEQ]! - 1) | 0) === 0) words[at + HAND_OVER] = state | HandOver.ANSWERED
      // The header takes `len` octets of the window. A SYN's window is not scaled (RFC 7323 §2.2).
      tcp.rewriteWindow(Math.max(0, tcp.window - len), partial)
      return
    }
    const { ack } = tcp
    if ((signal & TcpFlag.RST) === 0 && (state & HandOver.SENT) !== 0) this.#acknowledged(at, ack)
    const forClient = this.clientSeq(at, ack)
    if (forClient !== ack) tcp.rewriteAck(forClient, partial)
    if (tcp.headerLen > TCP_MIN_LEN) this.#shiftSack(packet, at, partial)
  }

  /** The client's sequence number of the octet that the real server numbers `seq`. */
  clientSeq(at: number, seq: number): number {
    const { words } = this.#fullnatKeys
    const state = words[at + HAND_OVER]!
    const len = state >>> LEN_SHIFT
    if ((state & HandOver.DONE) !== 0) return (seq - len) >>> 0
    const first = words[at + FIRST_SEQ]! + 1
    const ahead = (seq - first) | 0
    if ((state & HandOver.BEGUN) === 0 || ahead <= 0) return seq
    return (ahead < len ? first : seq - len) >>> 0
  }

  /**
   * The first SYN begins the stream and may be retransmitted until the header is sent. Any other becomes an ACK (see
   * above).
   */
  #syn(packet: Packet, conn: ConnIndex, at: number): void {
    const { words } = this.#fullnatKeys
    const { tcp } = packet
    const seq = tcp.seq | 0
    const state = words[at + HAND_OVER]!
    cutData(packet)
    if ((state & HandOver.BEGUN) === 0) {
      const version = state & 0xff
      const len = this.#headerLen(version, conn)
      words[at + HAND_OVER] = version | HandOver.BEGUN | (len << LEN_SHIFT)
      words[at + FIRST_SEQ] = seq
      words[at + NEXT_SEQ] = seq + 1
      words[at + ACKED_SEQ] = seq + 1 + len
    } else if (words[at + FIRST_SEQ] !== seq || (state & HandOver.SENT) !== 0) {
      const partial = isPartial(packet)
      // An old number: the SYN's, or the last one acknowledged. The server answers with its state or a reset.
      const old = (state & HandOver.DONE) === 0 ? words[at + FIRST_SEQ]! : words[at + ACKED_SEQ]! - 1
      tcp.rewriteSeq(old >>> 0, partial)
      tcp.rewriteFlags(TcpFlag.ACK, partial)
    }
    stripOption(packet, TcpOption.MPTCP)
  }

  /** The server has acknowledged all octets up to `ack`. */
  #acknowledged(at: number, ack: number): void {
    const { words } = this.#fullnatKeys
    const ahead = (ack - words[at + ACKED_SEQ]!) | 0
    if (ahead >= 0) words[at + HAND_OVER]! |= HandOver.DONE
    if (ahead > 0) words[at + ACKED_SEQ] = ack
  }

  /** Sends the header if it is due. Returns PASS if the segment itself must follow. */
  #headerFirst(packet: Packet, conn: ConnIndex, at: number, hop: Hop): Verdict {
    const { words } = this.#fullnatKeys
    const { tcp, signal } = packet
    // The header's segment copies an acknowledgement; this segment has none.
    if ((signal & TcpFlag.ACK) === 0) return Verdict.PASS
    const data = packet.transportLen - tcp.headerLen
    const end = (tcp.seq + data + (signal & TcpFlag.FIN ? 1 : 0)) | 0
    const isNew = ((end - words[at + NEXT_SEQ]!) | 0) > 0
    if (isNew) words[at + NEXT_SEQ] = end
    const isFirst = ((tcp.seq - words[at + FIRST_SEQ]! - 1) | 0) <= 0
    const wasSent = (words[at + HAND_OVER]! & HandOver.SENT) !== 0
    const isBareReset = (signal & TcpFlag.RST) !== 0 && !wasSent
    if (isBareReset || (wasSent && (isNew || !isFirst))) return Verdict.PASS
    words[at + HAND_OVER]! |= HandOver.SENT
    const verdict = this.#sendHeader(packet, conn, at, hop)
    const isBare = data === 0 && (signal & (TcpFlag.FIN | TcpFlag.RST)) === 0
    return isBare && isFirst ? verdict : Verdict.PASS
  }

  /**
   * Sends the PROXY header in a segment of its own: a copy of the client's headers and options, at the stream's first
   * number.
   */
  #sendHeader(packet: Packet, conn: ConnIndex, at: number, hop: Hop): Verdict {
    const { words } = this.#fullnatKeys
    const headersLen = packet.transportAt - packet.at + packet.tcp.headerLen
    const to = this.#memory.place(headersLen + (words[at + HAND_OVER]! >>> LEN_SHIFT))
    if (to < 0) return Verdict.DROP_NO_MEMORY
    const { slab } = this.#memory
    slab.bytes.set(packet.slab.bytes.subarray(packet.at, packet.at + headersLen), to)
    const end = this.#write(slab, to + headersLen, conn, words[at + HAND_OVER]! & 0xff)

    const header = this.#packet.wrap(packet.link, slab, to, end - to)
    header.vnet.clear()
    header.wrapIp()
    header.protocol = packet.protocol
    header.transportAt = to + packet.transportAt - packet.at
    header.transportLen = end - header.transportAt
    header.ipLen = header.len - ETHERNET_LEN
    const { ip, tcp } = header
    ip.rewriteTotalLen(header.ipLen)
    tcp.wrap(slab.view, header.transportAt).rewriteSeq((words[at + FIRST_SEQ]! + 1) >>> 0, true)
    tcp.rebuild(TcpFlag.PSH | TcpFlag.ACK, ip.srcAddr, ip.dstAddr, header.transportLen)
    return this.#output.transmit(header, hop)
  }

  #shift(packet: Packet, at: number): void {
    const { words } = this.#fullnatKeys
    const { tcp } = packet
    const state = words[at + HAND_OVER]!
    const { seq } = tcp
    // Not before the header was sent, and not below the stream's beginning (a keep-alive probe).
    const isBefore = (state & HandOver.SENT) === 0 || ((seq - words[at + FIRST_SEQ]! - 1) | 0) < 0
    if ((state & HandOver.DONE) === 0 && isBefore) return
    tcp.rewriteSeq((seq + (state >>> LEN_SHIFT)) >>> 0, isPartial(packet))
  }
  /** Cuts off data that would lie at the header's sequence numbers or below them, and any data before the header was sent. */
  #guard(packet: Packet, at: number): void {
    const { words } = this.#fullnatKeys
    const { tcp } = packet
    const data = packet.transportLen - tcp.headerLen
    const ahead = (words[at + FIRST_SEQ]! + 1 - tcp.seq) >>> 0
    const isOver = ahead < data && ((tcp.seq - words[at + ACKED_SEQ]!) | 0) < 0
    if (isOver || (words[at + HAND_OVER]! & HandOver.SENT) === 0) cutData(packet)
  }
  /** Rewrites the edges of the server's SACK blocks (RFC 2018 §3). */
  #shiftSack(packet: Packet, at: number, partial: boolean): void {
    const { tcp } = packet
    if (tcp.headerLen === TIMESTAMPS_HEADER_LEN && tcp.optionWord(TCP_MIN_LEN) === TIMESTAMPS_ONLY) return
    const value = tcp.findOption(TcpOption.SACK, 0)
    if (value === 0) return
    const end = value - 2 + tcp.optionLen(value)
    for (let edge = value; edge + 4 <= end; edge += 4) {
      const seq = tcp.optionWord(edge)
      const forClient = this.clientSeq(at, seq)
      if (forClient !== seq) tcp.rewriteOptionWord(edge, forClient, partial)
    }
  }

  #headerLen(version: number, conn: ConnIndex): number {
    const { words } = this.#conns.table
    const ports = words[conn + CPORT_VPORT]!
    const [caddr, vaddr] = [words[conn + CADDR]! as Ipv4Addr, words[conn + VADDR]! as Ipv4Addr]
    return proxyHeaderLen(version as ClientAddress, caddr, ports >>> 16, vaddr, ports & 0xffff)
  }
  #write(slab: Slab, at: number, conn: ConnIndex, version: number): number {
    const { words } = this.#conns.table
    const ports = words[conn + CPORT_VPORT]!
    const [caddr, vaddr] = [words[conn + CADDR]! as Ipv4Addr, words[conn + VADDR]! as Ipv4Addr]
    return writeProxyHeader(slab, at, version as ClientAddress, caddr, ports >>> 16, vaddr, ports & 0xffff)
  }
}

/** Cuts off a TCP segment's data. */
function cutData(packet: Packet): void {
  const len = packet.transportLen - packet.tcp.headerLen
  if (len === 0) return
  const partial = isPartial(packet)
  packet.tcp.cut(len, packet.transportLen, partial)
  packet.transportLen -= len
  packet.len -= len
  packet.ipLen -= len
  packet.ip.rewriteTotalLen(packet.ipLen)
  // A partial checksum that is not the segment's own would have been written into the data cut off.
  if (partial) packet.vnet.endGso()
  else packet.vnet.clear()
}
