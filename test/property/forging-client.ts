import { decode, payloadOf, tcp4, type TcpOptions } from '../support/frames.js'

const WINDOW = 65_000

/** A connection as the server has it: what it counts from, and what its application was given. */
export interface Stream {
  irs: number
  iss: number
  isOpen: boolean
  octets: number[]
  /** Octets by place in the stream, what is there first counts. */
  readonly early: Map<number, number>
}

/**
 * The real server's TCP for one peer after another, as Linux does it: half open until its SYN is acknowledged, data with
 * that acknowledgement taken, what comes early kept. Its initial numbers are close together, as of a clock.
 */
export class SimpleServer {
  /** Every stream that any application was given. */
  readonly streams: Stream[] = []
  /** Initial numbers of its SYNs so far. */
  readonly numbers: number[] = []
  #iss: number
  readonly #peers = new Map<string, Stream>()

  constructor(iss: number) {
    this.#iss = iss
  }

  /** The machine is started anew: nobody is told. */
  forget(): void {
    this.#peers.clear()
  }

  /** Takes a frame; answers those that it sends. `eth` is theirs. */
  receive(frame: Uint8Array, eth: string): Uint8Array[] {
    const fields = decode(frame)
    if (fields['tcp.checksumIs'] !== 'right') return []
    const flags = String(fields['tcp.flags'])
    const peer = `${fields['ip.src']}:${fields['tcp.srcPort']}`
    const flow = `${fields['ip.dst']}:${fields['tcp.dstPort']} > ${peer}`
    const [seq, ack] = [Number(fields['tcp.seq']), Number(fields['tcp.ack'])]
    const data = payloadOf(frame).slice(Number(fields['tcp.headerLen']))
    const say = (options: TcpOptions): Uint8Array[] => [tcp4(flow, { eth, ...options })]
    const stream = this.#peers.get(peer)
    if (stream === undefined) return this.#listen(peer, flags, seq, ack, say)

    const next = stream.irs + 1 + stream.octets.length
    const ahead = (seq - next) | 0
    const challenge = { flags: 'A', seq: (stream.iss + 1) >>> 0, ack: next >>> 0 }
    if (flags.includes('R')) {
      if (ahead === 0) this.#peers.delete(peer)
      return []
    }
    if (flags.includes('S')) return this.#syn(peer, stream, seq, ahead, say, challenge)
    if (!flags.includes('A')) return []
    if (!stream.isOpen) {
      if (ahead > WINDOW || ((seq + data.length - next) | 0) < 0) return say(challenge)
      if (ack !== (stream.iss + 1) >>> 0) return say({ flags: 'R', seq: ack })
      stream.isOpen = true
      this.streams.push(stream)
    }
    if (ahead > WINDOW || ((ack - stream.iss - 1) | 0) !== 0) return say(challenge)
    this.#take(stream, seq, data)
    return say({ ...challenge, ack: (stream.irs + 1 + stream.octets.length) >>> 0 })
  }

  #listen(peer: string, flags: string, seq: number, ack: number, say: (options: TcpOptions) => Uint8Array[]) {
    if (flags.includes('R')) return []
    if (flags.includes('A')) return say({ flags: 'R', seq: ack })
    if (!flags.includes('S')) return []
    this.#iss = (this.#iss + 7) >>> 0
    this.numbers.push(this.#iss)
    const stream = { irs: seq, iss: this.#iss, isOpen: false, octets: [], early: new Map<number, number>() }
    this.#peers.set(peer, stream)
    return say({ flags: 'SA', seq: stream.iss, ack: (seq + 1) >>> 0 })
  }
  #syn(
    peer: string,
    stream: Stream,
    seq: number,
    ahead: number,
    say: (options: TcpOptions) => Uint8Array[],
    challenge: TcpOptions,
  ): Uint8Array[] {
    if (stream.isOpen) return say(challenge)
    if (seq === stream.irs) return say({ flags: 'SA', seq: stream.iss, ack: (seq + 1) >>> 0 })
    // Within the window it ends the half-open connection (RFC 9293 §3.10.7.4).
    if (ahead >= 0 && ahead < WINDOW) this.#peers.delete(peer)
    return say(challenge)
  }
  #take(stream: Stream, seq: number, data: Uint8Array): void {
    data.forEach((octet, i) => {
      const at = (seq + i - stream.irs - 1) | 0
      if (at >= stream.octets.length && !stream.early.has(at)) stream.early.set(at, octet)
    })
    for (let octet; (octet = stream.early.get(stream.octets.length)) !== undefined;) stream.octets.push(octet)
  }
}
