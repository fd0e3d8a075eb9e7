import type { Ipv4Addr } from '../../src/wire/addr.js'
import { ETHERNET_LEN, EtherType } from '../../src/wire/ethernet.js'
import { IPV4_MIN_LEN, IpProtocol } from '../../src/wire/ipv4.js'

const FRAGMENT_OFFSET = 0x1fff
const PORTS_LEN = 4
const ICMP_LEN = 8
/** ICMP's errors: they quote a packet. */
const ERRORS = [3, 4, 5, 11, 12]

/** Addresses and ports of a frame, or of the packet that an ICMP error is about, the other way round: as its answer would have them. */
export class FlowOfFrame {
  /** TCP, UDP or SCTP; 0: another, a later fragment, or not whole. Then nothing below but the addresses is said. */
  protocol = 0
  /** Whether it is an IPv4 packet. */
  isIp = false
  /** Whether it is an error about the packet. */
  isError = false
  srcAddr = 0 as Ipv4Addr
  srcPort = 0
  dstAddr = 0 as Ipv4Addr
  dstPort = 0

  /** The frame of `len` octets at `at`. */
  read(view: DataView, at: number, len: number): void {
    this.protocol = 0
    this.isError = false
    this.isIp = len >= ETHERNET_LEN + IPV4_MIN_LEN && view.getUint16(at + 12) === EtherType.IPV4
    if (this.isIp) this.#packet(view, at + ETHERNET_LEN, at + len)
  }

  #packet(view: DataView, at: number, end: number): void {
    const protocol = view.getUint8(at + 9)
    const transport = at + (view.getUint8(at) & 0x0f) * 4
    this.srcAddr = view.getInt32(at + 12) as Ipv4Addr
    this.dstAddr = view.getInt32(at + 16) as Ipv4Addr
    if ((view.getUint16(at + 6) & FRAGMENT_OFFSET) !== 0 || transport < at + IPV4_MIN_LEN) return
    if (protocol === IpProtocol.ICMP && !this.isError) {
      if (transport + ICMP_LEN + IPV4_MIN_LEN > end || !ERRORS.includes(view.getUint8(transport))) return
      this.isError = true
      return this.#packet(view, transport + ICMP_LEN, end)
    }
    const isBalanced = protocol === IpProtocol.TCP || protocol === IpProtocol.UDP || protocol === IpProtocol.SCTP
    if (!isBalanced || transport + PORTS_LEN > end) return
    this.protocol = protocol
    this.srcPort = view.getUint16(transport)
    this.dstPort = view.getUint16(transport + 2)
    if (this.isError) this.#turn()
  }
  #turn(): void {
    const { srcAddr, srcPort, dstAddr, dstPort } = this
    this.srcAddr = dstAddr
    this.srcPort = dstPort
    this.dstAddr = srcAddr
    this.dstPort = srcPort
  }
}
