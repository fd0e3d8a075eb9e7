import {
  formatIpv4,
  isLimitedBroadcast,
  isLoopback,
  isMulticast,
  isZeronet,
  parseIpv4,
  type Ipv4Addr,
} from '../wire/addr.js'

/** Whether a virtual service may have that address: not 0/8, loopback, multicast or reserved. */
export function mayBeVip(addr: Ipv4Addr): boolean {
  const isReserved = addr >>> 28 === 15
  return !(isZeronet(addr) || isLoopback(addr) || isMulticast(addr) || isLimitedBroadcast(addr) || isReserved)
}

/** Whether the text is such an address, as `formatIpv4` writes it. */
export function isVip(text: string): boolean {
  const addr = parseIpv4(text)
  return addr !== undefined && mayBeVip(addr) && formatIpv4(addr) === text
}
