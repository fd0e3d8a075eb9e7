import type { Ipv4Addr } from '../src/wire/addr.js'
import { IpProtocol } from '../src/wire/ipv4.js'
import { TcpFlag, TcpView } from '../src/wire/tcp.js'
import type { Datagram, Transport, VirtualHost } from './virtual-host.js'
import { TcpConnection, type TcpHandler, type TcpSegment, type TcpWire } from './tcp-connection.js'

const HEADERS = 40
/** The largest segment with offload: a multiple of the usual 1460 below the window of 65535. */
const OFFLOAD_SEGMENT = 43 * 1460
const FIRST_PORT = 32768
const PORTS = 28232 // 32768–60999, Linux's ip_local_port_range

/** A host's TCP: listening ports, connections, and RST for segments that belong to neither. */
export class TcpEndpoint implements Transport, TcpWire {
  readonly protocol = IpProtocol.TCP
  readonly segmentLen: number
  /** Segments retransmitted, also by connections that have ended. */
  retransmits = 0
  /** RST segments sent because no program listened. */
  refused = 0

  readonly #host: VirtualHost
  readonly #listeners = new Map<number, () => TcpHandler>()
  readonly #connections = new Map<string, TcpConnection>()
  readonly #view = new TcpView()
  #nextIss: number
  #nextPort: number

  /** `seed` sets the first port and the first sequence number. */
  constructor(host: VirtualHost, seed = 1) {
    this.#host = host
    this.segmentLen = host.offload ? OFFLOAD_SEGMENT : host.mtu - HEADERS
    this.#nextIss = Math.imul(seed, 0x9e3779b1) >>> 0
    this.#nextPort = this.#nextIss % PORTS
  }

  /** Connections, those about to close included. */
  get open(): number {
    return this.#connections.size
  }
  /** The host's time, ms. */
  get now(): number {
    return this.#host.now
  }

  /** Accepts connections to `port`; `accept` returns the handler of each. */
  listen(port: number, accept: () => TcpHandler): void {
    this.#listeners.set(port, accept)
  }

  connect(addr: Ipv4Addr, port: number, handler: TcpHandler): TcpConnection {
    const conn = this.#add(FIRST_PORT + this.#nextPort, addr, port)
    this.#nextPort = (this.#nextPort + 1) % PORTS
    conn.handler = handler
    conn.open(this.#host.now)
    return conn
  }

  input({ src, octets }: Datagram, now: number): void {
    const header = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
    const tcp = this.#view.wrap(header, 0)
    if (!tcp.isValid(octets.length)) {
      this.#host.errors.malformed++
      return
    }
    const { srcPort, dstPort, seq, ack, flags, headerLen } = tcp
    const segment: TcpSegment = { seq, ack, flags, window: header.getUint16(14), payload: octets.subarray(headerLen) }
    const conn = this.#connections.get(key(dstPort, src, srcPort))
    const accept = this.#listeners.get(dstPort)
    if (conn) conn.input(segment, now)
    else if (accept && (flags & (TcpFlag.SYN | TcpFlag.ACK | TcpFlag.RST)) === TcpFlag.SYN) {
      const fresh = this.#add(dstPort, src, srcPort)
      fresh.handler = accept()
      fresh.open(now, segment)
    } else if (!(flags & TcpFlag.RST)) this.#refuse(src, srcPort, dstPort, segment)
  }

  tick(now: number): void {
    for (const conn of this.#connections.values()) conn.tick(now)
  }

  send(conn: TcpConnection, segment: Uint8Array): void {
    this.#host.send(conn.peerAddr, IpProtocol.TCP, segment)
  }

  forget(conn: TcpConnection): void {
    this.retransmits += conn.retransmits
    this.#connections.delete(key(conn.localPort, conn.peerAddr, conn.peerPort))
  }

  #add(localPort: number, peerAddr: Ipv4Addr, peerPort: number): TcpConnection {
    this.#nextIss = (this.#nextIss + 64_000) >>> 0 // RFC 793's old way: enough where there are no attackers
    const conn = new TcpConnection(localPort, peerAddr, peerPort, this.#nextIss, this)
    this.#connections.set(key(localPort, peerAddr, peerPort), conn)
    return conn
  }

  /** RFC 9293 §3.10.7.1: a segment for no connection gets a RST. */
  #refuse(addr: Ipv4Addr, peerPort: number, localPort: number, { seq, ack, flags, payload }: TcpSegment): void {
    this.refused++
    const segment = new Uint8Array(20)
    const header = new DataView(segment.buffer)
    const acks = (flags & TcpFlag.ACK) === 0
    header.setUint16(0, localPort)
    header.setUint16(2, peerPort)
    header.setUint32(4, acks ? 0 : ack)
    if (acks) header.setUint32(8, seq + payload.length + (flags & TcpFlag.SYN ? 1 : 0))
    header.setUint8(12, 0x50)
    header.setUint8(13, acks ? TcpFlag.RST | TcpFlag.ACK : TcpFlag.RST)
    this.#host.send(addr, IpProtocol.TCP, segment)
  }
}

function key(localPort: number, peerAddr: Ipv4Addr, peerPort: number): string {
  return `${localPort} ${peerAddr} ${peerPort}`
}
