import { AH_LEN, AhView } from '../../wire/ah.js'
import type { Family, IpAddr } from '../../wire/ip-addr.js'
import { IpProtocol, Ipv4View } from '../../wire/ipv4.js'
import { IPV6_LEN, Ipv6View } from '../../wire/ipv6.js'
import { VRRP_MIN_LEN } from '../../wire/vrrp.js'
import type { AdvertRefusal } from './refusal.js'

/** An IP packet that carries VRRP: where its parts stand. The octets are the caller's, and good until it reads the next packet. */
export interface VrrpPacket {
  readonly family: Family
  readonly source: IpAddr
  readonly destination: IpAddr
  readonly ttl: number
  readonly dv: DataView
  /** Where the IP header begins, and the whole packet's octets. */
  readonly ipAt: number
  readonly ipLen: number
  /** Where the authentication header stands; absent: there is none. */
  readonly ahAt?: number
  /** Where the VRRP part begins, and its octets, at least VRRP_MIN_LEN. */
  readonly at: number
  readonly len: number
}

const ipv4 = new Ipv4View()
const ipv6 = new Ipv6View()
const ah = new AhView()

/** Finds VRRP in the `len` octets of an IP packet of protocol 112, or 51 with 112 in it. Padding behind the packet is left out. */
export function parsePacket(dv: DataView, at: number, len: number): VrrpPacket | AdvertRefusal {
  if (len < 1) return refusal('ip-header', 'an empty packet')
  return dv.getUint8(at) >>> 4 === 6 ? parseIpv6(dv, at, len) : parseIpv4(dv, at, len)
}

function parseIpv4(dv: DataView, at: number, len: number): VrrpPacket | AdvertRefusal {
  ipv4.wrap(dv, at)
  if (!ipv4.isValid(len)) return refusal('ip-header', `no whole IPv4 packet in ${len} octets`)
  if (!ipv4.checksumOk) return refusal('ip-checksum', 'IPv4 header checksum')
  if (ipv4.isFragment) return refusal('fragment', 'a fragment')
  const { headerLen, totalLen, protocol, srcAddr: source, dstAddr: destination, ttl } = ipv4
  const around = { family: 4, source, destination, ttl, dv, ipAt: at, ipLen: totalLen } as const
  if (protocol === IpProtocol.VRRP) return whole({ ...around, at: at + headerLen, len: totalLen - headerLen })
  if (protocol !== IpProtocol.AH) return refusal('ip-header', `protocol ${protocol}`)
  const ahAt = at + headerLen
  if (!ah.wrap(dv, ahAt).isValid(totalLen - headerLen) || ah.nextHeader !== IpProtocol.VRRP)
    return refusal('ah-header', 'authentication header')
  return whole({ ...around, ahAt, at: ahAt + AH_LEN, len: totalLen - headerLen - AH_LEN })
}

function parseIpv6(dv: DataView, at: number, len: number): VrrpPacket | AdvertRefusal {
  ipv6.wrap(dv, at)
  if (!ipv6.isValid(len)) return refusal('ip-header', `no whole IPv6 packet in ${len} octets`)
  const { payloadLen, nextHeader, hopLimit: ttl, srcAddr: source, dstAddr: destination } = ipv6
  if (nextHeader !== IpProtocol.VRRP) return refusal('ip-header', `next header ${nextHeader}`)
  const ipLen = IPV6_LEN + payloadLen
  return whole({ family: 6, source, destination, ttl, dv, ipAt: at, ipLen, at: at + IPV6_LEN, len: payloadLen })
}

function whole(packet: VrrpPacket): VrrpPacket | AdvertRefusal {
  if (packet.len >= VRRP_MIN_LEN) return packet
  return refusal('too-short', `IPv${packet.family} VRRP packet too short - ${packet.ipLen} bytes`)
}

function refusal(reason: AdvertRefusal['reason'], text: string): AdvertRefusal {
  return { reason, text }
}
