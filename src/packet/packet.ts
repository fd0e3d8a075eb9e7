import { EthernetView } from '../wire/ethernet.js'
import { IcmpView } from '../wire/icmp.js'
import { IPV4_MAX_HEADER_LEN, Ipv4View } from '../wire/ipv4.js'
import { SctpView } from '../wire/sctp.js'
import { TcpView } from '../wire/tcp.js'
import { UdpView } from '../wire/udp.js'
import { VirtioNetView } from '../wire/virtio-net.js'
import * as fromEthernet from '../wire/ethernet.js'
import * as fromFrame from './frame.js'
import { slabOver, type Slab } from './frame.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { ETHERNET_LEN } = fromEthernet
const { VNET_LEN } = fromFrame

export const NO_PIECES = new Uint8Array(0)

/**
 * A frame and the views on it. One object for all frames of a director: re-pointed at each frame, never made anew.
 * Positions are octets from the start of the slab.
 */
export class Packet {
  slab: Slab = slabOver(new ArrayBuffer(0))
  /** Where the Ethernet header starts, and the octets of the frame from there. */
  at = 0
  len = 0
  /** Index of the link it came in by. */
  link = 0

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
  /** Octets of the IP packet as it came in. The counters add this. */
  ipLen = 0
  protocol = 0
  /**
   * A reassembled datagram: octets of its largest fragment, IP header counted (0: it came whole), and a bit for each 8
   * octets of payload that began a fragment. It leaves in the same fragments where they fit, as from the kernel. Exception:
   * fragments that the kernel has merged into the first; `firstPieceLen` octets of payload leave as the first fragment.
   */
  largestPiece = 0
  pieceStarts = NO_PIECES
  firstPieceLen = 0
  /** Octets of the shortest IP header among the later fragments. The kernel's buffers have no room there for a longer one. */
  pieceHeaderLen = IPV4_MAX_HEADER_LEN
  /** Whether the largest fragment had DF. */
  piecesDf = false
  /** Where the reassembled payload starts. A tunnel's headers may precede it. */
  piecesAt = 0
  /** TCP, UDP and SCTP only, after `parseTransport` returned PASS. */
  srcPort = 0
  dstPort = 0
  /** Input of the connection's state table: TCP flags, the SCTP event, 0 for UDP. */
  signal = 0

  wrap(link: number, slab: Slab, at: number, len: number): this {
    this.link = link
    this.slab = slab
    this.at = at
    this.len = len
    this.vnet.wrap(slab.view, at - VNET_LEN)
    this.eth.wrap(slab.view, at)
    return this
  }

  /** Points the IP view behind the Ethernet header at `at`. */
  wrapIp(): void {
    this.ipAt = this.at + ETHERNET_LEN
    this.ip.wrap(this.slab.view, this.ipAt)
  }
}
