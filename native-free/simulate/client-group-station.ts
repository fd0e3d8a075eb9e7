import { IpProtocol } from '../../src/wire/ipv4.js'
import { TcpConnection } from '../tcp-connection.js'
import { ClientConnection, RST_ACK } from './client-connection.js'
import { udpClientName } from './datagrams.js'
import type { Ground, Receiver } from './ground.js'
import { unreachableEnds, type SimPacket } from './packets.js'
import type { RandomValues } from './random-values.js'
import type { ClientGroup } from './scenario/scenario.js'
import { bareSegment, endText, keyOf, segmentOf, SEGMENT_LEN, TICK_MS } from './tcp-ends.js'
import { UdpClient } from './udp-client.js'

const PROTOCOLS = { tcp: IpProtocol.TCP, udp: IpProtocol.UDP } as const
const FIRST_PORT = 32768
const PORTS = 28232 // 32768–60999, Linux's ip_local_port_range

/** One of a client's connections, or the port from which it sends datagrams. */
interface Open {
  input(packet: SimPacket): void
  /** An ICMP error about it. */
  unreachable(): void
  /** Once in a while. */
  look?(nowMs: number): void
}
/** Octets of the ports, of TCP and of UDP. */
const PORTS_LEN = 4

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
  readonly #part: number

  constructor(plan: ClientGroup, part: number, ground: Ground, send: (packet: SimPacket) => void) {
    this.name = plan.name
    this.#part = part
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
    const { src, dst, protocol, octets } = packet
    if (protocol === IpProtocol.ICMP) return this.#unreachable(packet)
    if (protocol !== PROTOCOLS[this.#plan.protocol] || octets.length < PORTS_LEN) return
    const ports = new DataView(octets.buffer, octets.byteOffset)
    this.#open.get(keyOf(dst, ports.getUint16(2), src, ports.getUint16(0)))?.input(packet)
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
    const { network, to, protocol } = this.#plan
    const addr = this.#random.host(network)
    const port = FIRST_PORT + (this.#begun++ % PORTS)
    const key = keyOf(addr, port, to.addr, to.port)
    if (this.#open.has(key)) return // all its ports are taken by connections that hang
    const end = protocol === 'udp' ? udpClientName(this.#part, this.#begun) : endText(addr, port)
    const forget = (): void => {
      this.#open.delete(key)
      this.#ground.ledger.gone(end)
    }
    const send = (octets: Uint8Array): void =>
      this.#send({ src: addr, dst: to.addr, protocol: PROTOCOLS[protocol], octets })
    const host = { ground: this.#ground, random: this.#random, plan: this.#plan, end, forget }
    if (protocol === 'udp') {
      const client = new UdpClient(host, { port, toPort: to.port, send })
      this.#open.set(key, client)
      return client.begin()
    }
    const conn = new TcpConnection(port, to.addr, to.port, this.#random.below(2 ** 32), {
      segmentLen: SEGMENT_LEN,
      send: (_, octets) => send(octets),
      forget,
    })
    const abort = (): void => {
      forget()
      send(bareSegment(port, to.port, 0, 0, RST_ACK))
    }
    const client = new ClientConnection({ ...host, abort })
    this.#open.set(key, {
      input: packet => {
        const segment = segmentOf(packet)
        if (segment) conn.input(segment, this.#ground.events.nowMs)
      },
      unreachable: () => client.unreachable(),
      look: now => {
        conn.tick(now)
        client.look(conn)
      },
    })
    client.begin(conn)
  }

  #unreachable(packet: SimPacket): void {
    const ends = unreachableEnds(packet)
    if (ends) this.#open.get(keyOf(ends.addr, ends.port, ends.peer, ends.peerPort))?.unreachable()
  }

  #tick(): void {
    const now = this.#ground.events.nowMs
    for (const open of this.#open.values()) open.look?.(now)
  }
}
