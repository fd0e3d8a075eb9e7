import { pseudoHeaderSum } from '../../wire/checksum.js'
import { type IpAddr, isIpv4 } from '../../wire/ip-addr.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { pseudoHeaderSum6 } from '../../wire/ipv6.js'

/** The sum of the pseudo header of an advert of version 3; `len`: octets of the VRRP part. Both addresses are of one family. */
export function pseudoSum(source: IpAddr, destination: IpAddr, len: number): number {
  if (isIpv4(source)) {
    return isIpv4(destination) ? pseudoHeaderSum(source, destination, IpProtocol.VRRP, len) : 0
  }
  return isIpv4(destination) ? 0 : pseudoHeaderSum6(source, destination, IpProtocol.VRRP, len)
}
