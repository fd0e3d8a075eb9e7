import { AH_ICV_AT, AH_LEN, AhView } from '../../wire/ah.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import { type IpAddr, isIpv4 } from '../../wire/ip-addr.js'
import { IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../wire/ipv4.js'
import { IPV6_LEN, Ipv6View } from '../../wire/ipv6.js'
import type { Ipv6Addr } from '../../wire/ipv6-addr.js'
import { VrrpAuth, VrrpView, vrrpLen } from '../../wire/vrrp.js'
import { integrityCheckOf } from './integrity-check.js'
import { pseudoSum } from './pseudo-sum.js'
import type { InstanceSettings } from './settings.js'

/** DSCP CS6, internetwork control. */
const TOS = 0xc0

export interface Sending {
  readonly source: IpAddr
  /** Of the source's family. */
  readonly destination: IpAddr
  readonly priority: number
  /** The identification of the IPv4 packet. */
  readonly id: number
  /** That of the authentication header, where there is one. */
  readonly sequence: number
}

/** The IP packet of an advert, header and all. */
export function composeAdvert(settings: InstanceSettings, sending: Sending): Uint8Array {
  const { source, destination } = sending
  const len = vrrpLen(settings.version, settings.family, settings.vips.length)
  const ttl = settings.isUnicast ? settings.unicastTtl : 255
  if (!isIpv4(source)) {
    const packet = new Uint8Array(IPV6_LEN + len)
    const dv = new DataView(packet.buffer)
    const header = new Ipv6View().wrap(dv, 0).build(IpProtocol.VRRP, len, TOS)
    header.withHopLimit(ttl).finish(source, destination as Ipv6Addr)
    writeVrrp(dv, IPV6_LEN, len, settings, sending)
    return packet
  }
  const hasAh = settings.authentication?.type === 'AH'
  const at = IPV4_MIN_LEN + (hasAh ? AH_LEN : 0)
  const packet = new Uint8Array(at + len)
  const dv = new DataView(packet.buffer)
  const header = new Ipv4View().wrap(dv, 0).build(hasAh ? IpProtocol.AH : IpProtocol.VRRP, packet.length)
  header.withTos(TOS).withTtl(ttl).withId(sending.id, 0)
  header.finish(source, destination as Ipv4Addr)
  writeVrrp(dv, at, len, settings, sending)
  if (hasAh) {
    new AhView().wrap(dv, IPV4_MIN_LEN).build(IpProtocol.VRRP, source >>> 0, sending.sequence)
    const icv = integrityCheckOf(packet, IPV4_MIN_LEN, settings.authentication?.password ?? '')
    packet.set(icv, IPV4_MIN_LEN + AH_ICV_AT)
  }
  return packet
}

function writeVrrp(dv: DataView, at: number, len: number, settings: InstanceSettings, sending: Sending): void {
  const { version, vrid, advertIntervalMs, authentication, family, group } = settings
  const view = new VrrpView().wrap(dv, at, family).build(version, vrid, sending.priority, advertIntervalMs)
  view.withAddresses(settings.vips.map(vip => vip.address))
  if (version === 2) {
    const password = authentication?.type === 'PASS' ? authentication.password : ''
    const type = authentication === undefined ? VrrpAuth.NONE : VrrpAuth[authentication.type]
    view.withAuth(type, Buffer.from(password, 'latin1'))
    view.finish(len, 0)
    return
  }
  const summed = settings.isUnicast && settings.oldChecksum === 'old' ? group : sending.destination
  view.finish(len, pseudoSum(sending.source, summed, len))
}
