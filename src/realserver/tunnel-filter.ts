import {
  ALL,
  assembleFilter,
  hear,
  jumpIfEqual,
  jumpIfNotEqual,
  jumpIfSet,
  Known,
  load16,
  load16BehindX,
  load32,
  load8,
  loadIpv4HeaderLenToX,
  PacketType,
  type Filter,
} from '../linux/classic-filter.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { IpProtocol } from '../wire/ipv4.js'

/** Where the IPv4 header begins. */
const IP = ETHERNET_LEN

/**
 * Filters Ethernet frames of IPv4: the socket receives only IPIP, GRE and GUE (UDP to that port) addressed to this host,
 * and only the interface's own: frames of VLANs and macvlans on top of it pass it too.
 */
export function tunnelFilter(guePort: number, ifindex: number): Filter {
  return assembleFilter([
    load32(Known.INTERFACE),
    jumpIfNotEqual(ifindex, 'nothing'),
    load32(Known.PACKET_TYPE),
    jumpIfNotEqual(PacketType.HOST, 'nothing'),
    load8(IP + 9), // protocol
    jumpIfEqual(IpProtocol.IPIP, 'all'),
    jumpIfEqual(IpProtocol.GRE, 'all'),
    jumpIfNotEqual(IpProtocol.UDP, 'nothing'),
    load16(IP + 6), // flags and fragment offset
    jumpIfSet(0x1fff, 'nothing'), // not the first fragment: it has no port
    loadIpv4HeaderLenToX(IP),
    load16BehindX(IP + 2), // destination port
    jumpIfNotEqual(guePort, 'nothing'),
    'all',
    hear(ALL),
    'nothing',
    hear(0),
  ])
}
