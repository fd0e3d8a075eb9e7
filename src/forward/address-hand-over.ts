/*
 * How a real server behind FULLNAT learns who the client is: per connection by TOA (toa.ts), by a PROXY header
 * (proxy-stream.ts), or not at all. TCP only.
 *
 * TOA is in every SYN, and in every segment until the client has acknowledged the real server's first data. By then the
 * server has read the option, whether from the SYN or from the segment that completed the handshake. TOA options that the
 * client itself sends are removed from every segment of the connection.
 */
import * as fromFullnatKeys from '../conn/fullnat-keys.js'
import { HandOver, keyAt, type FullnatKeys } from '../conn/fullnat-keys.js'
import * as fromRecord from '../conn/record.js'
import type { ConnIndex } from '../conn/record.js'
import { TcpState } from '../conn/tcp-states.js'
import type { Connections } from '../conn/connections.js'
import type { Packet } from '../packet/packet.js'
import type { TurnMemory } from '../packet/turn-memory.js'
import type { Verdict } from '../packet/verdict.js'
import { ClientAddress } from '../service/method.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import { TcpFlag } from '../wire/tcp.js'
import type { Hop } from './hop.js'
import type { Transmitter } from './output.js'
import { ProxyStream } from './proxy-stream.js'
import * as fromToa from './toa.js'
import { insertToa, lowerMss, stripToa, Toa } from './toa.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { FIRST_SEQ, HAND_OVER } = fromFullnatKeys
const { BEGUN, DONE, SENT } = HandOver
const { CADDR, CPORT_VPORT } = fromRecord
const { ESTABLISHED } = TcpState
const { TOA } = ClientAddress
const { TCP } = IpProtocol
const { ACK, RST, SYN } = TcpFlag
const { OPTIONS_FULL, TOO_BIG } = Toa
const { TOA_LEN } = fromToa

export class AddressHandOver {
  /** Segments sent without the option: their option space was full, or the segment would have been too big. */
  optionsFull = 0
  tooBig = 0
  readonly #conns: Connections
  readonly #fullnatKeys: FullnatKeys
  readonly #output: Transmitter
  readonly #proxy: ProxyStream

  constructor(conns: Connections, output: Transmitter, memory: TurnMemory) {
    this.#conns = conns
    this.#fullnatKeys = conns.fullnatKeys
    this.#output = output
    this.#proxy = new ProxyStream(conns, output, memory)
  }

  /**
   * Sends a TCP segment of a FULLNAT connection, already addressed to the real server, to the hop. Returns SENT, HELD or
   * a drop.
   */
  inbound(packet: Packet, conn: ConnIndex, hop: Hop): Verdict {
    const state = this.#fullnatKeys.words[keyAt(conn) + HAND_OVER]!
    const mode = state & 0xff
    if (mode > TOA) return this.#proxy.inbound(packet, conn, hop)
    if (mode === TOA) this.#toa(packet, conn, hop.mtu)
    return this.#output.transmit(packet, hop)
  }

  /** Rewrites a TCP segment of a FULLNAT connection to the client. */
  outbound(packet: Packet, conn: ConnIndex): void {
    const at = keyAt(conn)
    const { words } = this.#fullnatKeys
    const state = words[at + HAND_OVER]!
    const mode = state & 0xff
    if (mode > TOA) this.#proxy.outbound(packet, conn)
    else if (mode === TOA && packet.tcp.isValid(packet.transportLen)) {
      if (isSynAck(packet.signal)) {
        // A SYN-ACK that comes again has the same number; with another one, the server has begun anew.
        const isAgain = words[at + FIRST_SEQ] === (packet.tcp.seq | 0)
        words[at + FIRST_SEQ] = packet.tcp.seq
        words[at + HAND_OVER] = (isAgain ? state : TOA) | BEGUN
        lowerMss(packet)
      } else if (packet.transportLen > packet.tcp.headerLen) words[at + HAND_OVER] = state | SENT
    }
  }

  /** Whether a client's SYN on an open connection needs a new connection: a PROXY header precedes the data of one SYN only. */
  needsAnother(packet: Packet, conn: ConnIndex): boolean {
    if (packet.protocol !== TCP || (packet.signal & RST) !== 0 || !this.#fullnatKeys.has(conn)) return false
    return (this.#fullnatKeys.words[keyAt(conn) + HAND_OVER]! & 0xff) > TOA && this.#proxy.isAnother(packet, conn)
  }
  /** The client's sequence number of the octet that the real server numbers `seq`. */
  clientSeq(conn: ConnIndex, seq: number): number {
    const at = keyAt(conn)
    return (this.#fullnatKeys.words[at + HAND_OVER]! & 0xff) > TOA ? this.#proxy.clientSeq(at, seq) : seq
  }
  /** Octets that the client's next segment may grow by. */
  growth(conn: ConnIndex): number {
    const state = this.#fullnatKeys.words[keyAt(conn) + HAND_OVER]!
    return (state & 0xff) === TOA && (state & DONE) === 0 ? TOA_LEN : 0
  }

  #toa(packet: Packet, conn: ConnIndex, mtu: number): void {
    const { words } = this.#fullnatKeys
    const at = keyAt(conn)
    const { tcp, signal } = packet
    stripToa(packet)
    if (!tcp.isValid(packet.transportLen)) return
    if ((signal & SYN) !== 0 && this.#conns.stateOf(conn) !== ESTABLISHED) words[at + HAND_OVER] = TOA
    const state = words[at + HAND_OVER]!
    if ((signal & RST) !== 0) return
    if ((state & DONE) !== 0 && (signal & SYN) === 0) return
    // Without BEGUN and SENT the acknowledgement proves nothing: a client may acknowledge data that nobody sent.
    const hasAnswered = (state & (BEGUN | SENT)) === (BEGUN | SENT)
    const isAck = hasAnswered && (signal & ACK) !== 0
    if (isAck && ((tcp.ack - words[at + FIRST_SEQ]! - 1) | 0) > 0) {
      words[at + HAND_OVER] = state | DONE
      return
    }
    const record = this.#conns.table.words
    const inserted = insertToa(packet, record[conn + CADDR]! as Ipv4Addr, record[conn + CPORT_VPORT]! >>> 16, mtu)
    if (inserted === OPTIONS_FULL) this.optionsFull++
    else if (inserted === TOO_BIG) this.tooBig++
  }
}

function isSynAck(signal: number): boolean {
  return (signal & (SYN | ACK)) === (SYN | ACK)
}
