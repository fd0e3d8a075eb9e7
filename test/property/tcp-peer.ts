import { concat, decode, payloadOf, tcp4, unhex, type TcpOptions } from '../support/frames.js'

const MSS = 90
const WINDOW = 6 * MSS
const RTO_MS = 50

export interface PeerOptions {
  /** 'address:port' of its own and of whom it talks to; the frames' MACs. */
  from: string
  to: string
  eth: string
  isn: number
  data: Uint8Array
  /** It tells what it has beyond a gap. */
  sack: boolean
  /** It sends first: an active opener, whose SYN carries so much of its data. */
  opens?: { fastOpen: number }
}

/**
 * One end of a TCP connection, simple and strict: it sends its data and a FIN, keeps what comes early, retransmits, and
 * throws when told of octets that it never sent or shown a wrong checksum.
 */
export class TcpPeer {
  received: Uint8Array = new Uint8Array(0)
  /** Octets of the stream acknowledged, the SYN counted, the FIN too; and the highest sent. */
  #una = 0
  #next = 0
  #most = 0
  #peerIsn: number | undefined
  readonly #early = new Map<number, Uint8Array>()
  #finAt: number | undefined
  #timer = 0
  /** An acknowledgement is owed. */
  #owes = false
  readonly #o: PeerOptions
  to: string

  constructor(options: PeerOptions) {
    this.#o = options
    this.to = options.to
  }

  /** All sent and acknowledged, all received, both ends closed. */
  get isDone(): boolean {
    return this.#una === this.#o.data.length + 2 && this.#finAt !== undefined && this.received.length === this.#finAt
  }

  /** What it sends at `now`, in ms. */
  send(now: number): Uint8Array[] {
    const frames: Uint8Array[] = []
    if (this.#una < this.#next && now - this.#timer >= RTO_MS) this.#next = this.#una
    const isOpen = this.#peerIsn !== undefined
    if (this.#next === 0 && (this.#o.opens || isOpen)) {
      const payload = isOpen ? 0 : (this.#o.opens?.fastOpen ?? 0)
      const options = { flags: isOpen ? 'SA' : 'S', tcpOptions: unhex('0204006801010402') }
      frames.push(this.#segment(0, { ...options, payload: this.#o.data.slice(0, payload) }))
      this.#sent(now, 1)
    }
    if (isOpen && this.#una > 0) this.#sendData(frames, now)
    if (this.#owes && frames.length === 0 && isOpen && this.#una > 0)
      frames.push(this.#segment(this.#next, { flags: 'A' }))
    this.#owes = false
    return frames
  }

  #sendData(frames: Uint8Array[], now: number): void {
    const { data } = this.#o
    while (this.#next - this.#una < WINDOW && this.#next < data.length + 2) {
      const at = this.#next - 1
      const payload = data.slice(at, at + MSS)
      const isLast = at + payload.length === data.length
      frames.push(this.#segment(this.#next, { flags: isLast ? 'FPA' : 'PA', payload }))
      this.#sent(now, this.#next + payload.length + (isLast ? 1 : 0))
    }
  }

  receive(frame: Uint8Array, now: number): void {
    const fields = decode(frame)
    if (fields['tcp.checksumIs'] !== 'right' || fields['ip.checksumIs'] !== 'right')
      throw new Error(`checksum: ${JSON.stringify(fields)}`)
    const flags = String(fields['tcp.flags'])
    this.#checkSack(String(fields['tcp.options'] ?? ''))
    const seq = Number(fields['tcp.seq'])
    const payload = payloadOf(frame).slice(Number(fields['tcp.headerLen']))
    if (flags.includes('S')) {
      this.#peerIsn ??= seq
      if (seq !== this.#peerIsn) throw new Error('another SYN')
      this.#owes = true
    }
    if (this.#peerIsn === undefined) return
    if (!flags.includes('S') && this.#isOld((seq + payload.length) >>> 0, flags.includes('F'))) {
      this.#owes = true
      return
    }
    if (flags.includes('A')) this.#acknowledged(Number(fields['tcp.ack']), now)
    if (!flags.includes('S')) this.#keep((seq - this.#peerIsn - 1) | 0, payload, flags.includes('F'))
    if (payload.length > 0 || flags.includes('F')) this.#owes = true
  }

  /** Nothing of it is new, not even its place: not asked what it acknowledges (RFC 9293 §3.10.7.4). */
  #isOld(end: number, isFin: boolean): boolean {
    const next = this.received.length + (this.#hasFin ? 1 : 0)
    return ((end + (isFin ? 1 : 0) - this.#peerIsn! - 1 - next) | 0) < 0
  }

  /** Blocks are of what has been sent. */
  #checkSack(options: string): void {
    const [, left, right] = /0101050a(.{8})(.{8})/.exec(options) ?? []
    if (left === undefined || right === undefined) return
    const [from, to] = [left, right].map(edge => (parseInt(edge, 16) - this.#o.isn) | 0) as [number, number]
    if (from < 1 || to < from || to > this.#most) throw new Error(`SACK ${from} to ${to}, ${this.#most} sent`)
  }
  #acknowledged(ack: number, now: number): void {
    const upTo = (ack - this.#o.isn) | 0
    if (upTo > this.#most) throw new Error(`${upTo} acknowledged, ${this.#most} sent`)
    if (upTo <= this.#una) return
    this.#una = upTo
    this.#next = Math.max(this.#next, upTo)
    this.#timer = now
  }
  #keep(at: number, payload: Uint8Array, isFin: boolean): void {
    if (isFin) this.#finAt = at + payload.length
    if (payload.length > 0) this.#early.set(at, payload)
    for (let grown = true; grown;) {
      grown = false
      for (const [from, octets] of this.#early) {
        if (from > this.received.length) continue
        this.#early.delete(from)
        const rest = octets.slice(this.received.length - from)
        if (from < 0 || rest.length === 0) continue
        this.received = concat(this.received, rest)
        grown = true
      }
    }
  }
  #segment(offset: number, options: TcpOptions): Uint8Array {
    const ack =
      this.#peerIsn === undefined ? 0 : (this.#peerIsn + 1 + this.received.length + (this.#hasFin ? 1 : 0)) >>> 0
    const tcpOptions = options.tcpOptions ?? this.#sack()
    const { from, eth, isn } = this.#o
    return tcp4(`${from} > ${this.to}`, { eth, seq: (isn + offset) >>> 0, ack, ...options, tcpOptions })
  }
  get #hasFin(): boolean {
    return this.#finAt !== undefined && this.received.length === this.#finAt
  }
  #sack(): Uint8Array {
    const [first] = this.#early
    if (!this.#o.sack || !first || this.#peerIsn === undefined) return new Uint8Array(0)
    const octets = Buffer.alloc(12)
    octets.set([1, 1, 5, 10])
    octets.writeUInt32BE((this.#peerIsn + 1 + first[0]) >>> 0, 4)
    octets.writeUInt32BE((this.#peerIsn + 1 + first[0] + first[1].length) >>> 0, 8)
    return octets
  }
  #sent(now: number, next: number): void {
    if (this.#una === this.#next) this.#timer = now
    this.#next = next
    this.#most = Math.max(this.#most, next + (next === 1 ? (this.#o.opens?.fastOpen ?? 0) : 0))
  }
}
