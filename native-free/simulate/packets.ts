import { DF, IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../src/wire/ipv4.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../../src/wire/ethernet.js'
import { HEADROOM, VNET_LEN, type Slab } from '../../src/packet/frame.js'
import type { Ipv4Addr, MacAddr } from '../../src/wire/addr.js'
import { ICMP_LEN } from '../../src/wire/icmp.js'
import { fillChecksum } from '../transport-checksum.js'

/** Where a frame lies in a slab. */
export const FRAME_AT = HEADROOM + VNET_LEN
const TTL = 64
const ICMP_UNREACHABLE = 3
/** Ports of the packet that an ICMP error quotes. */
const QUOTED_PORTS = 4

/** An IP packet between two hosts; `octets`: transport header and payload, nobody else's. */
export interface SimPacket {
  readonly src: Ipv4Addr
  readonly dst: Ipv4Addr
  readonly protocol: number
  readonly octets: Uint8Array
}

const ethernet = new EthernetView()
const ip = new Ipv4View()

/** Writes the packet's frame, checksums and all. Returns its length. */
export function putFrame(
  slab: Slab,
  { src, dst, protocol, octets }: SimPacket,
  id: number,
  from: MacAddr,
  to: MacAddr,
) {
  ethernet.wrap(slab.view, FRAME_AT).setDst(to)
  ethernet.setSrc(from)
  ethernet.type = EtherType.IPV4
  const at = FRAME_AT + ETHERNET_LEN
  const len = IPV4_MIN_LEN + octets.length
  ip.wrap(slab.view, at)
    .build(protocol, len)
    .withTos(0)
    .withTtl(TTL)
    .withId(id & 0xffff, DF)
    .finish(src, dst)
  slab.bytes.set(octets, at + IPV4_MIN_LEN)
  fillChecksum(slab, FRAME_AT, protocol, false, len)
  return ETHERNET_LEN + len
}

/** The packet of a frame, out of its tunnel if it is in one of IPIP; undefined: it is no whole IPv4 packet. */
export function packetOf(slab: Slab, at: number, len: number): SimPacket | undefined {
  return packetAt(slab, at + ETHERNET_LEN, len - ETHERNET_LEN)
}

function packetAt(slab: Slab, at: number, len: number): SimPacket | undefined {
  if (!ip.wrap(slab.view, at).isValid(len) || ip.isFragment) return undefined
  const { headerLen, totalLen, protocol, srcAddr, dstAddr } = ip
  if (protocol === IpProtocol.IPIP) return packetAt(slab, at + headerLen, totalLen - headerLen)
  return { src: srcAddr, dst: dstAddr, protocol, octets: slab.bytes.slice(at + headerLen, at + totalLen) }
}

export interface Ends {
  readonly addr: Ipv4Addr
  readonly port: number
  readonly peer: Ipv4Addr
  readonly peerPort: number
}

/** Of an ICMP error that says that a destination is not to be reached: the ends of the packet that it quotes, its sender first. */
export function unreachableEnds({ protocol, octets }: SimPacket): Ends | undefined {
  if (protocol !== IpProtocol.ICMP || octets[0] !== ICMP_UNREACHABLE) return undefined
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  if (octets.length < ICMP_LEN + IPV4_MIN_LEN + QUOTED_PORTS) return undefined
  ip.wrap(view, ICMP_LEN)
  const { srcAddr, dstAddr, headerLen } = ip
  const ports = ICMP_LEN + headerLen
  if (octets.length < ports + QUOTED_PORTS) return undefined
  return { addr: srcAddr, port: view.getUint16(ports), peer: dstAddr, peerPort: view.getUint16(ports + 2) }
}
