import { EthernetView } from '../wire/ethernet.js'
import { IcmpView } from '../wire/icmp.js'
import { Ipv4View } from '../wire/ipv4.js'
import { SctpView } from '../wire/sctp.js'
import { TcpView } from '../wire/tcp.js'
import { UdpView } from '../wire/udp.js'
import { VirtioNetView } from '../wire/virtio-net.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { slabOver, VNET_LEN, type Slab } from './frame.js'

export const NO_PIECES = new Uint8Array(0)

/**
 * A frame and the views on it. One object for all frames of a director: pointed at the next frame, never made anew.
 * Positions are octets from the start of the slab.
 */
export class Packet {
  slab: Slab = slabOver(new ArrayBuffer(0))
  /** Where the Ethernet header starts, and the octets of the frame from there. */
  at = 0
  len = 0
  /** Index of the port it came in by. */
  port = 0

  readonly vnet = new VirtioNetView()
  readonly eth = new EthernetView()
  readonly ip = new Ipv4View()
  readonly tcp = new TcpView()
  readonly udp = new UdpView()
  readonly sctp = new SctpView()
  readonly icmp = new IcmpView()

  /** Where the IPv4 header starts. */
  ipAt = 0
  /** Where the transport header starts, and the octets from there to the end of the IP packet. */
  transportAt = 0
  transportLen = 0
  /** Octets of the IP packet as it came in; what the statistics count. */
  ipLen = 0
  protocol = 0
  /**
   * Of a datagram that came in pieces: octets of the largest, IP header counted (0: it came whole), and a bit for each 8
   * octets of its payload that began one. It leaves in the same pieces where they fit, as the kernel sends it: but for
   * those that the kernel has put together with the first, which holds `firstPieceLen` octets of the payload then.
   */
  largestPiece = 0
  pieceStarts = NO_PIECES
  firstPieceLen = 0
  /** The largest of them had DF. */
  piecesDf = false
  /** Where that payload starts. A tunnel's headers may stand before it. */
  piecesAt = 0
  /** TCP, UDP and SCTP only, once `parseTransport` has passed them. */
  srcPort = 0
  dstPort = 0
  /** What moves a connection's state: TCP flags, the SCTP event, 0 for UDP. */
  signal = 0

  wrap(port: number, slab: Slab, at: number, len: number): this {
    this.port = port
    this.slab = slab
    this.at = at
    this.len = len
    this.vnet.wrap(slab.view, at - VNET_LEN)
    this.eth.wrap(slab.view, at)
    return this
  }

  /** Points the IP view behind an Ethernet header that stands at `at`. */
  wrapIp(): void {
    this.ipAt = this.at + ETHERNET_LEN
    this.ip.wrap(this.slab.view, this.ipAt)
  }
}
