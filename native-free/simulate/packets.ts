import { DF, IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../src/wire/ipv4.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../../src/wire/ethernet.js'
import { GreView } from '../../src/wire/gre.js'
import { GueView } from '../../src/wire/gue.js'
import { UDP_LEN } from '../../src/wire/udp.js'
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
const gre = new GreView()
const gue = new GueView()

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

/** Whether a UDP packet to an address and a port is one of a tunnel by GUE. */
export type IsGue = (addr: Ipv4Addr, port: number) => boolean

/** The packet of a frame, out of its tunnel if it is in one; undefined: it is no whole IPv4 packet. */
export function packetOf(slab: Slab, at: number, len: number, isGue: IsGue): SimPacket | undefined {
  return packetAt(slab, at + ETHERNET_LEN, len - ETHERNET_LEN, isGue)
}

function packetAt(slab: Slab, at: number, len: number, isGue: IsGue): SimPacket | undefined {
  if (!ip.wrap(slab.view, at).isValid(len) || ip.isFragment) return undefined
  const { headerLen, totalLen, protocol, srcAddr, dstAddr } = ip
  const inner = at + headerLen
  const innerLen = totalLen - headerLen
  if (protocol === IpProtocol.IPIP) return packetAt(slab, inner, innerLen, isGue)
  if (protocol === IpProtocol.GRE) {
    if (!gre.wrap(slab.view, inner).isValid(innerLen)) return undefined
    return packetAt(slab, inner + gre.headerLen, innerLen - gre.headerLen, isGue)
  }
  if (protocol === IpProtocol.UDP && innerLen >= UDP_LEN && isGue(dstAddr, slab.view.getUint16(inner + 2))) {
    if (!gue.wrap(slab.view, inner + UDP_LEN).isValid(innerLen - UDP_LEN)) return undefined
    return packetAt(slab, inner + UDP_LEN + gue.headerLen, innerLen - UDP_LEN - gue.headerLen, isGue)
  }
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
