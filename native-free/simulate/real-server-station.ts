import type { Ipv4Addr } from '../../src/wire/addr.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import { TcpFlag } from '../../src/wire/tcp.js'
import { TcpConnection, type TcpHandler } from '../tcp-connection.js'
import type { Ground, Receiver } from './ground.js'
import type { SimPacket } from './packets.js'
import type { RandomValues } from './random-values.js'
import { REQUEST_LEN, requestOf } from './request.js'
import type { Failure, RealServerPlan } from './scenario/scenario.js'
import {
  type ArrivedSegment,
  bareSegment,
  endText,
  keyOf,
  MOST_REPEATS,
  segmentOf,
  SEGMENT_LEN,
  TICK_MS,
} from './tcp-ends.js'
import { UdpService, type UdpServiceHost } from './udp-service.js'
import { WorkQueue } from './work-queue.js'

interface Open {
  readonly conn: TcpConnection
  readonly addr: Ipv4Addr
  /** By which director its packets came last. */
  via: string
  /** Repeats until the client was last heard. */
  repeats: number
}

const NO_OCTETS = new Uint8Array(0)

/**
 * A real server: takes connections to any address, as one with the VIP on lo does, and answers requests as places are free. SYNs leave
 * nothing behind (SYN cookies), so that a flood fills its director's table and not its own.
 */
export class RealServerStation implements Receiver, UdpServiceHost {
  readonly name: string
  readonly plan: RealServerPlan
  readonly work: WorkQueue
  connections = 0
  answered = 0
  overflowed = 0
  upMs = 0
  readonly #ground: Ground
  readonly #random: RandomValues
  readonly send: (packet: SimPacket, via: string) => void
  readonly #udp: UdpService
  readonly #open = new Map<string, Open>()
  #failure: 'silent' | 'refuses' | undefined
  #slower = 1
  /** Cookies of before a failure are worth nothing after it. */
  #secret: number
  #upSinceMs = 0
  /** What is sent now is known to the client already. */
  #isMuted = false

  constructor(plan: RealServerPlan, part: number, ground: Ground, send: (packet: SimPacket, via: string) => void) {
    this.name = plan.name
    this.plan = plan
    this.#ground = ground
    this.#random = ground.random(part)
    this.#secret = this.#random.below(2 ** 32)
    this.send = send
    this.#udp = new UdpService(this, ground)
    this.work = new WorkQueue(ground.events, plan.places, plan.queue)
  }

  get open(): number {
    return this.#open.size
  }
  get isUp(): boolean {
    return this.#failure === undefined
  }
  /** Whether it answers anything at all, if only by RST. */
  get isThere(): boolean {
    return this.#failure !== 'silent'
  }

  start(): void {
    this.#ground.events.every(TICK_MS, () => this.#tick())
  }
  /** The time that it was up, up to now. */
  totalUpMs(): number {
    return this.upMs + (this.isUp ? this.#ground.events.nowMs - this.#upSinceMs : 0)
  }

  workMs(): number {
    return this.#random.of(this.plan.service) * this.#slower
  }

  fail(how: Failure): void {
    if (typeof how === 'object') {
      this.#slower = how.slower
      return
    }
    this.upMs = this.totalUpMs()
    this.#failure = how
    this.#secret = this.#random.below(2 ** 32)
    this.work.clear()
    // The kernel of a process that has ended closes its connections; a host that is gone says nothing.
    if (how === 'refuses') for (const { conn, addr, via } of this.#open.values()) this.#reset(conn, addr, via)
    this.#open.clear()
  }
  recover(): void {
    this.#slower = 1
    if (this.isUp) return
    this.#failure = undefined
    this.#upSinceMs = this.#ground.events.nowMs
  }

  receive(packet: SimPacket, via: string): void {
    if (this.#failure === 'silent') return this.#ground.ledger.lost('host-down')
    if (packet.protocol === IpProtocol.UDP) return this.#udp.receive(packet, via)
    const segment = segmentOf(packet)
    if (!segment) return
    const { src, dst } = packet
    const key = keyOf(dst, segment.dstPort, src, segment.srcPort)
    const found = this.#open.get(key)
    if (found) {
      found.via = via
      found.repeats = found.conn.retransmits
      found.conn.input(segment, this.#now)
    } else if (this.isUp) this.#first(packet, segment, key, via)
    else this.#refuse(packet, segment, via)
  }

  get #now(): number {
    return this.#ground.events.nowMs
  }

  /** Of no connection that is there. */
  #first(packet: SimPacket, segment: ArrivedSegment, key: string, via: string): void {
    const { flags, seq, ack } = segment
    const cookie = this.#cookie(key)
    if ((flags & (TcpFlag.SYN | TcpFlag.ACK | TcpFlag.RST)) === TcpFlag.SYN)
      this.#answer(packet, segment, via, cookie, (seq + 1) >>> 0, TcpFlag.SYN | TcpFlag.ACK)
    else if (flags & TcpFlag.ACK && !(flags & TcpFlag.RST) && ((ack - cookie) | 0) === 1)
      this.#accept(packet, segment, key, via, cookie)
    else this.#refuse(packet, segment, via)
  }

  #accept({ src, dst }: SimPacket, segment: ArrivedSegment, key: string, via: string, iss: number): void {
    const conn: TcpConnection = new TcpConnection(segment.dstPort, src, segment.srcPort, iss, {
      segmentLen: SEGMENT_LEN,
      send: (_, octets) => {
        const { via: back = via } = this.#open.get(key) ?? {}
        if (!this.#isMuted) this.send({ src: dst, dst: src, protocol: IpProtocol.TCP, octets }, back)
      },
      forget: () => void this.#open.delete(key),
    })
    conn.handler = this.#handler(key)
    this.#open.set(key, { conn, addr: dst, via, repeats: 0 })
    this.connections++
    this.#ground.ledger.placed(endText(src, segment.srcPort), this.name)
    this.#isMuted = true
    conn.open(this.#now, { seq: segment.seq - 1, ack: 0, flags: TcpFlag.SYN, window: 0xffff, payload: NO_OCTETS })
    this.#isMuted = false
    conn.input(segment, this.#now)
  }

  #handler(key: string): TcpHandler {
    const head = new Uint8Array(REQUEST_LEN)
    let got = 0
    return {
      data: (conn, octets) => {
        for (const octet of octets) {
          head[got++] = octet
          if (got < REQUEST_LEN) continue
          got = 0
          this.#work(conn, key, head)
        }
      },
      ended: conn => conn.end(),
    }
  }

  #work(conn: TcpConnection, key: string, head: Uint8Array): void {
    const { size, isLast } = requestOf(head)
    const isTaken = this.work.add({
      arrivedMs: this.#now,
      workMs: this.workMs(),
      done: () => {
        if (this.#open.get(key)?.conn !== conn) return
        this.answered++
        conn.write(new Uint8Array(size))
        if (isLast) conn.end()
      },
    })
    if (isTaken) return
    this.overflowed++
    conn.end()
  }

  /** RFC 9293 §3.10.7.1: a segment for no connection gets a RST. */
  #refuse(packet: SimPacket, segment: ArrivedSegment, via: string): void {
    const { flags, seq, ack, payload } = segment
    if (flags & TcpFlag.RST) return
    if (flags & TcpFlag.ACK) return this.#answer(packet, segment, via, ack, 0, TcpFlag.RST)
    const next = (seq + payload.length + (flags & TcpFlag.SYN ? 1 : 0)) >>> 0
    this.#answer(packet, segment, via, 0, next, TcpFlag.RST | TcpFlag.ACK)
  }
  #answer(
    { src, dst }: SimPacket,
    { srcPort, dstPort }: ArrivedSegment,
    via: string,
    seq: number,
    ack: number,
    flags: number,
  ): void {
    const octets = bareSegment(dstPort, srcPort, seq, ack, flags)
    this.send({ src: dst, dst: src, protocol: IpProtocol.TCP, octets }, via)
  }
  #reset(conn: TcpConnection, addr: Ipv4Addr, via: string): void {
    const octets = bareSegment(conn.localPort, conn.peerPort, 0, 0, TcpFlag.RST | TcpFlag.ACK)
    this.send({ src: addr, dst: conn.peerAddr, protocol: IpProtocol.TCP, octets }, via)
  }

  /** FNV-1a of the ends and the secret. */
  #cookie(key: string): number {
    let hash = 0x811c9dc5 ^ this.#secret
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
    return hash >>> 0
  }

  #tick(): void {
    for (const [key, open] of this.#open) {
      open.conn.tick(this.#now)
      if (open.conn.retransmits - open.repeats > MOST_REPEATS) this.#open.delete(key)
    }
  }
}
