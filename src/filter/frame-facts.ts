import type { Ipv4Addr } from '../wire/addr.js'
import { ETHER_TYPE_AT, ETHERNET_LEN, EtherType } from '../wire/ethernet.js'
import { IPV4_DST_ADDR_AT, IPV4_MIN_LEN, IPV4_PROTOCOL_AT, IPV4_SRC_ADDR_AT, IpProtocol } from '../wire/ipv4.js'
import { PORTS_LEN } from '../wire/ports.js'
import { TCP_FLAGS_AT, TCP_MIN_LEN, TcpFlag } from '../wire/tcp.js'
import { UDP_LEN } from '../wire/udp.js'

const PIECE_OFFSET = 0x1fff
const MOST_LEN = ETHERNET_LEN + 65_535
/** SYN, FIN and RST are those of no packet that a flow program forwards, ACK is each segment's. */
const OPEN_FLAGS = 0xff & ~(TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST | TcpFlag.ACK)

/** What a filter may ask of a frame, or of all frames of a flow. One object for all. */
export class FrameFacts {
  len = 0
  /** Of a flow, whose frames have `len` to so many; else as `len`. */
  mostLen = 0
  etherType = 0
  /** IPv4 only; else all 0. */
  protocol = 0
  src = 0 as Ipv4Addr
  dst = 0 as Ipv4Addr
  /** TCP, UDP and SCTP, and no later piece of a datagram. */
  hasPorts = false
  srcPort = 0
  dstPort = 0
  /** TCP's flags octet, if it is there; `hasFlags` says so. */
  hasFlags = false
  flags = 0
  /** Those that are now there, now not. None of a frame. */
  openFlags = 0

  /** Reads the frame of `len` octets at `at`, Ethernet header first. */
  read(view: DataView, at: number, len: number): this {
    this.len = this.mostLen = len
    this.etherType = len < ETHERNET_LEN ? 0 : view.getUint16(at + ETHER_TYPE_AT)
    this.protocol = this.srcPort = this.dstPort = this.flags = this.openFlags = 0
    this.src = this.dst = 0 as Ipv4Addr
    this.hasPorts = this.hasFlags = false
    if (this.etherType === EtherType.IPV4 && len >= ETHERNET_LEN + IPV4_MIN_LEN)
      this.#packet(view, at + ETHERNET_LEN, len - ETHERNET_LEN)
    return this
  }

  /** What frames have in common that a flow program may forward: of TCP or UDP, from and to these addresses and ports. */
  readFlow(protocol: number, src: Ipv4Addr, srcPort: number, dst: Ipv4Addr, dstPort: number): this {
    const isTcp = protocol === IpProtocol.TCP
    this.len = ETHERNET_LEN + IPV4_MIN_LEN + (isTcp ? TCP_MIN_LEN : UDP_LEN)
    this.mostLen = MOST_LEN
    this.etherType = EtherType.IPV4
    this.protocol = protocol
    this.src = src
    this.dst = dst
    this.hasPorts = true
    this.srcPort = srcPort
    this.dstPort = dstPort
    this.hasFlags = isTcp
    this.flags = isTcp ? TcpFlag.ACK : 0
    this.openFlags = isTcp ? OPEN_FLAGS : 0
    return this
  }

  get isIpv4(): boolean {
    return this.etherType === EtherType.IPV4
  }

  #packet(view: DataView, at: number, len: number): void {
    this.protocol = view.getUint8(at + IPV4_PROTOCOL_AT)
    this.src = view.getInt32(at + IPV4_SRC_ADDR_AT) as Ipv4Addr
    this.dst = view.getInt32(at + IPV4_DST_ADDR_AT) as Ipv4Addr
    const headerLen = (view.getUint8(at) & 15) << 2
    if ((view.getUint16(at + 6) & PIECE_OFFSET) !== 0 || len < headerLen + PORTS_LEN) return
    const { protocol } = this
    if (protocol !== IpProtocol.TCP && protocol !== IpProtocol.UDP && protocol !== IpProtocol.SCTP) return
    const transport = at + headerLen
    this.hasPorts = true
    this.srcPort = view.getUint16(transport)
    this.dstPort = view.getUint16(transport + 2)
    if (protocol !== IpProtocol.TCP || len <= headerLen + TCP_FLAGS_AT) return
    this.hasFlags = true
    this.flags = view.getUint8(transport + TCP_FLAGS_AT)
  }
}
