import type { Ipv4Addr, MacAddr } from './addr.js'

/** The Ethernet address of an IPv4 group: 01:00:5e, then the address's lower 23 bits (RFC 1112 §6.4). */
export function groupMac(group: Ipv4Addr): MacAddr {
  return { hi: 0x0100, lo: 0x5e00_0000 + (group & 0x7f_ffff) }
}
