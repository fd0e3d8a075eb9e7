import { ICMP_LEN } from '../wire/icmp.js'
import { IPV4_MIN_LEN, Ipv4View } from '../wire/ipv4.js'
import { NOWHERE } from '../wire/view.js'
import type { Packet } from './packet.js'
import { isBalanced } from './parse.js'

/** The packet quoted in an ICMP error: its IPv4 header and at least the ports. One object, re-pointed. */
export class Embedded {
  readonly ip = new Ipv4View()
  #dv: DataView = NOWHERE
  #portsAt = 0
  /** Octets present from the ports on. */
  #portsLen = 0

  /**
   * Points at the packet that the ICMP error in `packet` quotes. Returns false if the quote is not the beginning of a TCP, UDP
   * or SCTP packet with both ports (ipvs-behaviour.md §6.6). Does not check the quoted header checksum, nor the quoted total
   * length against the octets present: routers cut the quote and may have changed its header.
   */
  wrap(packet: Packet): boolean {
    return this.wrapAt(packet.slab.view, packet.transportAt + ICMP_LEN, packet.transportLen - ICMP_LEN)
  }
  /** The same for the `len` octets at `at`. */
  wrapAt(view: DataView, at: number, len: number): boolean {
    const { ip } = this
    this.#dv = view
    ip.wrap(view, at)
    if (len < IPV4_MIN_LEN || !ip.isVersion4 || ip.headerLen < IPV4_MIN_LEN || len < ip.headerLen + 4) return false
    if (ip.fragmentOffset !== 0) return false
    this.#portsAt = at + ip.headerLen
    this.#portsLen = len - ip.headerLen
    return isBalanced(ip.protocol)
  }

  get srcPort(): number {
    return this.#dv.getUint16(this.#portsAt)
  }
  /** Like the other setters, leaves all checksums as they are. */
  set srcPort(port: number) {
    this.#dv.setUint16(this.#portsAt, port)
  }
  get dstPort(): number {
    return this.#dv.getUint16(this.#portsAt + 2)
  }
  set dstPort(port: number) {
    this.#dv.setUint16(this.#portsAt + 2, port)
  }
  /** Whether the quote reaches to the end of TCP's sequence number. */
  get hasSeq(): boolean {
    return this.#portsLen >= 8
  }
  get seq(): number {
    return this.#dv.getUint32(this.#portsAt + 4)
  }
  set seq(seq: number) {
    this.#dv.setUint32(this.#portsAt + 4, seq)
  }
}
