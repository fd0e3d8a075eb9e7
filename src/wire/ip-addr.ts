import { formatIpv4, parseIpv4, type Ipv4Addr } from './addr.js'
import { formatIpv6, parseIpv6, type Ipv6Addr } from './ipv6-addr.js'

/** An address of either family. */
export type IpAddr = Ipv4Addr | Ipv6Addr
export type Family = 4 | 6

export const isIpv4 = (addr: IpAddr): addr is Ipv4Addr => typeof addr === 'number'
export const familyOf = (addr: IpAddr): Family => (isIpv4(addr) ? 4 : 6)

/** Octets of an address on the wire. */
export const addrLen = (family: Family): number => (family === 4 ? 4 : 16)

/** '192.0.2.1' or '2001:db8::1' → numbers. Undefined for anything else. */
export function parseIp(text: string): IpAddr | undefined {
  return parseIpv4(text) ?? parseIpv6(text)
}

export function formatIp(addr: IpAddr): string {
  return isIpv4(addr) ? formatIpv4(addr) : formatIpv6(addr)
}

/** Below 0, 0 or above 0, as octets on the wire compare; IPv4 comes before IPv6. */
export function compareIp(a: IpAddr, b: IpAddr): number {
  const [left, right] = [wordsOf(a), wordsOf(b)]
  if (left.length !== right.length) return left.length - right.length
  for (const [at, word] of left.entries()) {
    const other = right[at] ?? 0
    if (word !== other) return (word >>> 0) - (other >>> 0)
  }
  return 0
}

export function isSameIp(a: IpAddr, b: IpAddr): boolean {
  return compareIp(a, b) === 0
}

/** The address that stands at `at`. */
export function readIp(dv: DataView, at: number, family: Family): IpAddr {
  if (family === 4) return dv.getInt32(at) as Ipv4Addr
  return [dv.getInt32(at), dv.getInt32(at + 4), dv.getInt32(at + 8), dv.getInt32(at + 12)]
}

export function writeIp(dv: DataView, at: number, addr: IpAddr): void {
  for (const [index, word] of wordsOf(addr).entries()) dv.setInt32(at + 4 * index, word)
}

/** Its 32-bit words, signed, the first one first. */
export function wordsOf(addr: IpAddr): readonly number[] {
  return isIpv4(addr) ? [addr] : addr
}
