import type { Ipv4Addr } from '../src/wire/addr.js'
import { TcpFlag } from '../src/wire/tcp.js'

/** A retransmission timeout that does not adapt: virtual wires never change, and seldom lose (RFC 6298 §2.1: 1 s). */
const RTO_MS = 1000
const HEADER_LEN = 20
const WINDOW = 0xffff

/** A connection's callbacks. `octets` are borrowed: valid during the call only. */
export interface TcpHandler {
  opened?(conn: TcpConnection): void
  data?(conn: TcpConnection, octets: Uint8Array): void
  /** The peer has closed its side. */
  ended?(conn: TcpConnection): void
  /** Both sides are closed and both FINs are acknowledged. */
  closed?(conn: TcpConnection): void
  reset?(conn: TcpConnection): void
}

export interface TcpSegment {
  seq: number
  ack: number
  flags: number
  window: number
  payload: Uint8Array
}

/** What a connection needs of its host: how to send, how large segments may be, and a callback for its end. */
export interface TcpWire {
  readonly segmentLen: number
  send(conn: TcpConnection, segment: Uint8Array): void
  forget(conn: TcpConnection): void
}

/** a − b of sequence numbers, modulo 2^32 (RFC 9293 §3.4). */
const after = (a: number, b: number): number => (a - b) | 0

/**
 * One TCP connection (RFC 9293), only what a lab needs: no options, no urgent data, a fixed window, segments out
 * of order dropped, and one timer that goes back to the first unacknowledged octet.
 */
export class TcpConnection {
  handler: TcpHandler = {}
  retransmits = 0

  readonly #wire: TcpWire
  #established = false
  /** The flags of our SYN; a server's has ACK too. */
  #syn: number = TcpFlag.SYN
  /** Everything written so far; octet 0 has sequence number `#iss` + 1. */
  #out = new Uint8Array(0)
  readonly #iss: number
  #una: number
  #next: number
  #peerWindow = WINDOW
  #sinceMs = 0
  #now = 0
  #finWritten = false
  #rcvNext = 0
  #finReceived = false
  #owesAck = false

  constructor(
    readonly localPort: number,
    readonly peerAddr: Ipv4Addr,
    readonly peerPort: number,
    iss: number,
    wire: TcpWire,
  ) {
    this.#wire = wire
    this.#iss = iss >>> 0
    this.#una = this.#iss
    this.#next = this.#iss
  }

  /** Sends octets, now or when the window allows. */
  write(octets: Uint8Array): void {
    const all = new Uint8Array(this.#out.length + octets.length)
    all.set(this.#out)
    all.set(octets, this.#out.length)
    this.#out = all
    this.#push()
  }

  /** Closes our side after everything written so far. */
  end(): void {
    this.#finWritten = true
    this.#push()
  }

  /** Opens the connection: as a client, or as a server in response to `syn`. */
  open(now: number, syn?: TcpSegment): void {
    this.#now = now
    this.#sinceMs = now
    if (syn) this.#rcvNext = (syn.seq + 1) >>> 0
    if (syn) this.#syn = TcpFlag.SYN | TcpFlag.ACK
    this.#sendSyn()
  }

  input(segment: TcpSegment, now: number): void {
    this.#now = now
    if (segment.flags & TcpFlag.RST) {
      this.#wire.forget(this)
      this.handler.reset?.(this)
      return
    }
    if (this.#established) this.#owesAck = (segment.flags & TcpFlag.SYN) !== 0
    else if (!this.#handshake(segment)) return
    this.#acknowledged(segment)
    this.#arrived(segment)
    this.#push()
    if (this.#owesAck) this.#send(TcpFlag.ACK, 0, 0)
    if (this.#finReceived && this.#finWritten && this.#una === this.#end) {
      this.#wire.forget(this)
      this.handler.closed?.(this)
    }
  }

  /** Called once a millisecond: sends again what has not been acknowledged in time. */
  tick(now: number): void {
    this.#now = now
    if (this.#una === this.#next || now - this.#sinceMs < RTO_MS) return
    this.retransmits++
    this.#sinceMs = now
    this.#next = this.#una
    if (this.#una === this.#iss) this.#sendSyn()
    else this.#push()
  }

  /** The sequence number after our last octet and our FIN. */
  get #end(): number {
    return (this.#iss + 1 + this.#out.length + (this.#finWritten ? 1 : 0)) >>> 0
  }

  /** Returns whether the handshake is complete and the segment needs more handling. */
  #handshake({ seq, ack, flags }: TcpSegment): boolean {
    if (!(flags & TcpFlag.ACK) || after(ack, this.#iss + 1) < 0) return false
    if (flags & TcpFlag.SYN) this.#rcvNext = (seq + 1) >>> 0
    this.#established = true
    this.#una = (this.#iss + 1) >>> 0
    this.#owesAck = (flags & TcpFlag.SYN) !== 0
    this.handler.opened?.(this)
    return true
  }

  #acknowledged({ ack, window }: TcpSegment): void {
    this.#peerWindow = window
    if (after(ack, this.#una) <= 0 || after(ack, this.#next) > 0) return
    this.#una = ack
    this.#sinceMs = this.#now
  }

  /** Takes payload and FIN if they are in order; otherwise acknowledges again what is expected next. */
  #arrived({ seq, flags, payload }: TcpSegment): void {
    const syn = (flags & TcpFlag.SYN) !== 0
    const fin = (flags & TcpFlag.FIN) !== 0
    if (syn || (!fin && payload.length === 0)) return
    this.#owesAck = true
    if (seq !== this.#rcvNext || this.#finReceived) return
    this.#rcvNext = (seq + payload.length + (fin ? 1 : 0)) >>> 0
    if (payload.length > 0) this.handler.data?.(this, payload)
    if (!fin) return
    this.#finReceived = true
    this.handler.ended?.(this)
  }

  /** Sends as much as the peer's window allows. */
  #push(): void {
    if (!this.#established) return
    while (this.#next !== this.#end) {
      const from = after(this.#next, this.#iss + 1)
      const room = this.#peerWindow - after(this.#next, this.#una)
      const len = Math.min(this.#out.length - from, this.#wire.segmentLen, room)
      const last = from + len === this.#out.length
      if (len <= 0 && !(last && this.#finWritten)) return
      const fin = last && this.#finWritten ? TcpFlag.FIN : 0
      if (this.#una === this.#next) this.#sinceMs = this.#now
      this.#next = (this.#next + len + (fin ? 1 : 0)) >>> 0
      this.#send(TcpFlag.ACK | fin | (len > 0 && last ? TcpFlag.PSH : 0), from, len)
    }
  }

  #sendSyn(): void {
    this.#next = (this.#iss + 1) >>> 0
    this.#send(this.#syn, -1, 0)
  }

  /** Sends one segment with `len` octets of the written data, from octet `from`. */
  #send(flags: number, from: number, len: number): void {
    this.#owesAck = false
    const segment = new Uint8Array(HEADER_LEN + len)
    const header = new DataView(segment.buffer)
    const taken = len + (flags & (TcpFlag.FIN | TcpFlag.SYN) ? 1 : 0)
    header.setUint16(0, this.localPort)
    header.setUint16(2, this.peerPort)
    header.setUint32(4, this.#next - taken)
    header.setUint32(8, flags & TcpFlag.ACK ? this.#rcvNext : 0)
    header.setUint8(12, (HEADER_LEN / 4) << 4)
    header.setUint8(13, flags)
    header.setUint16(14, WINDOW)
    if (len > 0) segment.set(this.#out.subarray(from, from + len), HEADER_LEN)
    this.#wire.send(this, segment)
  }
}
