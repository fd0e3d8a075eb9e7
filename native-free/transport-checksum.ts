import { VNET_LEN, type Slab } from '../src/packet/frame.js'
import { ETHERNET_LEN } from '../src/wire/ethernet.js'
import { IpProtocol, Ipv4View } from '../src/wire/ipv4.js'
import { sumOctets, sumPseudoHeader } from './checksum.js'

/** The checksum field's offset in the transport header. */
const FIELD: Readonly<Record<number, number>> = {
  [IpProtocol.TCP]: 16,
  [IpProtocol.UDP]: 6,
  [IpProtocol.ICMP]: 2,
}
const NEEDS_CSUM = 1
const GSO_TCPV4 = 1
const TCP_HEADERS = 40

const ip = new Ipv4View()

/**
 * Fills in the checksum of the packet in the frame at `at`, and the virtio-net header before it. With `offload`, TCP and
 * UDP get what Linux gives them: only the pseudo-header sum; the device that puts the frame on a wire does the rest.
 */
export function fillChecksum(slab: Slab, at: number, protocol: number, offload: boolean, mtu: number): void {
  const field = FIELD[protocol]
  if (field === undefined) throw new RangeError(`no checksum known for protocol ${protocol}`)
  const { view, bytes } = slab
  const { start, len, pseudo } = transportOf(slab, at)
  const vnet = at - VNET_LEN
  bytes.fill(0, vnet, at)
  view.setUint16(start + field, 0)
  if (!offload || protocol === IpProtocol.ICMP) {
    const check = ~sumOctets(bytes.subarray(start, start + len), pseudo) & 0xffff
    view.setUint16(start + field, check === 0 && protocol === IpProtocol.UDP ? 0xffff : check)
    return
  }
  view.setUint16(start + field, pseudo)
  view.setUint8(vnet, NEEDS_CSUM)
  view.setUint16(vnet + 6, start - at, true)
  view.setUint16(vnet + 8, field, true)
  if (protocol !== IpProtocol.TCP || len + 20 <= mtu) return
  view.setUint8(vnet + 1, GSO_TCPV4)
  view.setUint16(vnet + 2, start - at + 20, true)
  view.setUint16(vnet + 4, mtu - TCP_HEADERS, true)
}

/** Whether the transport checksum of the packet in the frame at `at` is right, or validly left to be completed. */
export function checksumIsRight(slab: Slab, at: number): boolean {
  const { view, bytes } = slab
  const { start, len, pseudo } = transportOf(slab, at)
  const field = FIELD[ip.protocol]
  if (field === undefined) return true
  const vnet = at - VNET_LEN
  if ((view.getUint8(vnet) & NEEDS_CSUM) !== 0) {
    const placed = view.getUint16(vnet + 6, true) === start - at && view.getUint16(vnet + 8, true) === field
    return placed && view.getUint16(start + field) === pseudo
  }
  if (ip.protocol === IpProtocol.UDP && view.getUint16(start + field) === 0) return true
  return sumOctets(bytes.subarray(start, start + len), pseudo) === 0xffff
}

/** The transport header's offset, the octets of header and payload, and the pseudo-header sum. */
function transportOf({ view }: Slab, at: number): { start: number; len: number; pseudo: number } {
  ip.wrap(view, at + ETHERNET_LEN)
  const len = ip.totalLen - ip.headerLen
  const pseudo = ip.protocol === IpProtocol.ICMP ? 0 : sumPseudoHeader(ip.srcAddr, ip.dstAddr, ip.protocol, len)
  return { start: at + ETHERNET_LEN + ip.headerLen, len, pseudo }
}
