import type { Ipv4Addr } from '../../src/wire/addr.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import { TcpConnection } from '../tcp-connection.js'
import { ClientConnection, RST_ACK, type ClientHost } from './client-connection.js'
import type { Ground, Receiver } from './ground.js'
import { unreachableEnds, type SimPacket } from './packets.js'
import type { RandomValues } from './random-values.js'
import type { ClientGroup } from './scenario/scenario.js'
import { bareSegment, endText, keyOf, segmentOf, SEGMENT_LEN, TICK_MS } from './tcp-ends.js'

const FIRST_PORT = 32768
const PORTS = 28232 // 32768–60999, Linux's ip_local_port_range

interface Open {
  readonly conn: TcpConnection
  readonly client: ClientConnection
  readonly addr: Ipv4Addr
}

/** The clients of one group: they open connections as they arrive. */
export class ClientGroupStation implements Receiver {
  readonly name: string
  readonly #plan: ClientGroup
  readonly #ground: Ground
  readonly #random: RandomValues
  readonly #send: (packet: SimPacket) => void
  readonly #open = new Map<string, Open>()
  readonly #arrivals: RandomValues
  #begun = 0

  constructor(plan: ClientGroup, part: number, ground: Ground, send: (packet: SimPacket) => void) {
    this.name = plan.name
    this.#plan = plan
    this.#ground = ground
    this.#arrivals = ground.random(2 * part)
    this.#random = ground.random(2 * part + 1)
    this.#send = send
  }

  start(): void {
    const { events } = this.#ground
    const { arrivals, fromMs } = this.#plan
    events.every(TICK_MS, () => this.#tick())
    const first = arrivals.kind === 'burst' ? 0 : this.#arrivals.gap(arrivals)
    events.at(fromMs + first, () => this.#arrive())
  }

  receive(packet: SimPacket): void {
    const segment = segmentOf(packet)
    if (!segment) return this.#unreachable(packet)
    const { src, dst } = packet
    const found = this.#open.get(keyOf(dst, segment.dstPort, src, segment.srcPort))
    if (found) found.conn.input(segment, this.#ground.events.nowMs)
  }

  #arrive(): void {
    const { arrivals, untilMs, most } = this.#plan
    const { events } = this.#ground
    if (events.nowMs >= untilMs) return
    const count = arrivals.kind === 'burst' ? arrivals.size : 1
    for (let i = 0; i < count && this.#begun < most; i++) this.#connect()
    if (this.#begun >= most) return
    events.after(arrivals.kind === 'burst' ? arrivals.everyMs : this.#arrivals.gap(arrivals), () => this.#arrive())
  }

  #connect(): void {
    const { network, to } = this.#plan
    const addr = this.#random.host(network)
    const port = FIRST_PORT + (this.#begun++ % PORTS)
    const key = keyOf(addr, port, to.addr, to.port)
    if (this.#open.has(key)) return // all its ports are taken by connections that hang
    const end = endText(addr, port)
    const forget = (): void => {
      this.#open.delete(key)
      this.#ground.ledger.gone(end)
    }
    const conn = new TcpConnection(port, to.addr, to.port, this.#random.below(2 ** 32), {
      segmentLen: SEGMENT_LEN,
      send: (_, octets) => this.#send({ src: addr, dst: to.addr, protocol: IpProtocol.TCP, octets }),
      forget,
    })
    const host: ClientHost = {
      ground: this.#ground,
      random: this.#random,
      plan: this.#plan,
      end,
      forget,
      abort: () => {
        forget()
        const octets = bareSegment(port, to.port, 0, 0, RST_ACK)
        this.#send({ src: addr, dst: to.addr, protocol: IpProtocol.TCP, octets })
      },
    }
    const client = new ClientConnection(host)
    this.#open.set(key, { conn, client, addr })
    client.begin(conn)
  }

  #unreachable(packet: SimPacket): void {
    const ends = unreachableEnds(packet)
    const found = ends && this.#open.get(keyOf(ends.addr, ends.port, ends.peer, ends.peerPort))
    if (found) found.client.unreachable(found.conn)
  }

  #tick(): void {
    const now = this.#ground.events.nowMs
    for (const { conn, client } of this.#open.values()) {
      conn.tick(now)
      client.look(conn)
    }
  }
}
