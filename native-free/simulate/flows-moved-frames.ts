import { HEADROOM, slabOver, VNET_LEN } from '../../src/packet/frame.js'
import type { Ipv4Addr, MacAddr } from '../../src/wire/addr.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../../src/wire/ethernet.js'
import { IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../src/wire/ipv4.js'
import { TCP_MIN_LEN, TcpFlag, TcpView } from '../../src/wire/tcp.js'
import { UDP_LEN, UdpView } from '../../src/wire/udp.js'

const AT = HEADROOM + VNET_LEN
const IP_AT = AT + ETHERNET_LEN
const TRANSPORT_AT = IP_AT + IPV4_MIN_LEN
const ROOM = 256
const TTL = 64
/** First sequence numbers of the client and of the real server: any do. */
const CLIENT_SEQ = 1000
const SERVER_SEQ = 5000
/** Of the host that hands frames to the director: it answers only requests for MACs. */
const NEIGHBOUR: MacAddr = { hi: 0x0200, lo: 0xfffffffe }

/** Addresses and ports of a client's flow; TCP or UDP. */
export interface ClientFlow {
  readonly protocol: number
  readonly srcAddr: Ipv4Addr
  readonly srcPort: number
  readonly dstAddr: Ipv4Addr
  readonly dstPort: number
  /** Of a connection that is open on a director: the real server that it has there. */
  readonly at?: ServerOfFlow
}
export interface ServerOfFlow {
  readonly addr: Ipv4Addr
  readonly port: number
}

/** Where the packet stands in its flow. Of UDP all are the same. */
export const Step = { OPENS: 0, ANSWERS: 1, GOES_ON: 2 } as const
export type Step = (typeof Step)[keyof typeof Step]

/** Writes the packets of flows, without payload, where a device would put them. */
export class FlowFrames {
  readonly slab = slabOver(new ArrayBuffer(ROOM))
  readonly at = AT
  readonly #eth = new EthernetView()
  readonly #ip = new Ipv4View()
  readonly #tcp = new TcpView()
  readonly #udp = new UdpView()

  /** Writes the packet as a frame to the director's MAC. Returns its length. */
  write(flow: ClientFlow, step: Step, to: MacAddr): number {
    const { bytes, view } = this.slab
    const { protocol, srcAddr, srcPort, dstAddr, dstPort } = flow
    const isTcp = protocol === IpProtocol.TCP
    const transportLen = isTcp ? TCP_MIN_LEN : UDP_LEN
    bytes.fill(0, AT - VNET_LEN, AT)
    this.#eth.wrap(view, AT)
    this.#eth.setDst(to)
    this.#eth.setSrc(NEIGHBOUR)
    this.#eth.type = EtherType.IPV4
    const ip = this.#ip.wrap(view, IP_AT).build(protocol, IPV4_MIN_LEN + transportLen)
    ip.withTos(0).withTtl(TTL).withId(0, 0).finish(srcAddr, dstAddr)
    if (!isTcp) this.#udp.wrap(view, TRANSPORT_AT).build(srcPort, dstPort, transportLen)
    else {
      const [seq, ack, flags] = NUMBERS[step]
      const tcp = this.#tcp.wrap(view, TRANSPORT_AT).build(srcPort, dstPort)
      tcp.withNumbers(seq, ack).withFlags(flags).finish(srcAddr, dstAddr)
    }
    return ETHERNET_LEN + IPV4_MIN_LEN + transportLen
  }
}

/** Sequence number, acknowledgement and flags. */
const NUMBERS: Readonly<Record<Step, readonly [seq: number, ack: number, flags: number]>> = {
  [Step.OPENS]: [CLIENT_SEQ, 0, TcpFlag.SYN],
  [Step.ANSWERS]: [SERVER_SEQ, CLIENT_SEQ + 1, TcpFlag.SYN | TcpFlag.ACK],
  [Step.GOES_ON]: [CLIENT_SEQ + 1, SERVER_SEQ + 1, TcpFlag.ACK],
}
