import { isIPv6 } from 'node:net'

/** An IPv6 address as four 32-bit numbers, signed, the first ones first. */
export type Ipv6Addr = readonly [number, number, number, number]

/** '2001:db8::1' → numbers. Undefined for anything else, an address with a zone among it. */
export function parseIpv6(text: string): Ipv6Addr | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [head = '', tail] = text.split('::')
  const [before, behind] = [partsOf(head), partsOf(tail ?? '')]
  const between = Array.from({ length: 8 - before.length - behind.length }, () => 0)
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = [...before, ...between, ...behind]
  return [(a << 16) | b, (c << 16) | d, (e << 16) | f, (g << 16) | h]
}

/** The 16-bit words on one side of `::`. The last part may be a dotted IPv4 address. */
function partsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(part => {
    const [a = 0, b, c = 0, d = 0] = part.split('.').map(Number)
    return b === undefined ? [parseInt(part, 16)] : [(a << 8) | b, (c << 8) | d]
  })
}

/** numbers → text as inet_ntop(3) writes it: the longest run of zeros left out, an IPv4 address at its end dotted. */
export function formatIpv6(addr: Ipv6Addr): string {
  const parts = addr.flatMap(word => [word >>> 16, word & 0xffff])
  const run = longestZeros(parts)
  const isDotted = run.at === 0 && (run.length === 6 || (run.length === 5 && parts[5] === 0xffff))
  const words = parts.map(part => part.toString(16))
  if (isDotted) {
    const last = addr[3]
    words.splice(6, 2, `${last >>> 24}.${(last >>> 16) & 255}.${(last >>> 8) & 255}.${last & 255}`)
  }
  if (run.length < 2) return words.join(':')
  return `${words.slice(0, run.at).join(':')}::${words.slice(run.at + run.length).join(':')}`
}

/** The first of the longest runs. */
function longestZeros(parts: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 }
  for (let at = 0; at < parts.length; at++) {
    let length = 0
    while (parts[at + length] === 0) length++
    if (length > best.length) best = { at, length }
    at += length
  }
  return best
}

/** Unicast, and not only on its link: what the kernel takes for a real server. IPv4 in disguise (::ffff:0:0/96) is not. */
export function isRoutableIpv6([a, b, c, d]: Ipv6Addr): boolean {
  const isUnspecified = (a | b | c | d) === 0
  const isMapped = (a | b) === 0 && c === 0xffff
  const isMulticastGroup = a >>> 24 === 0xff
  const isLinkLocal = a >>> 22 === 0xfe80 >>> 6
  return !isUnspecified && !isMapped && !isMulticastGroup && !isLinkLocal
}
