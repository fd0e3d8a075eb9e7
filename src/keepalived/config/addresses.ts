import { formatIpv4, type Ipv4Addr, isMulticast, maskOf, parseIpv4 } from '../../wire/addr.js'
import type { Family } from '../../wire/ip-addr.js'
import { formatIpv6, parseIpv6 } from '../../wire/ipv6-addr.js'

/** An address as it is written canonically. */
export interface Address {
  readonly text: string
  readonly family: Family
}

/** Undefined: neither four decimal parts nor IPv6. */
export function addressOf(text: string): Address | undefined {
  const ipv4 = parseIpv4(text)
  if (ipv4 !== undefined) return { text: formatIpv4(ipv4), family: 4 }
  const ipv6 = parseIpv6(text)
  return ipv6 && { text: formatIpv6(ipv6), family: 6 }
}

/** Multicast of its family; of IPv6 those of the link alone where `linkOnly`. */
export function isGroup(address: Address, linkOnly = false): boolean {
  if (address.family === 4) return isMulticast(parseIpv4(address.text)!)
  const first = parseIpv6(address.text)![0] >>> 16
  return linkOnly ? (first & 0xff0f) === 0xff02 : first >>> 8 === 0xff
}

export function isLinkLocal6({ text, family }: Address): boolean {
  return family === 6 && parseIpv6(text)![0] >>> 22 === 0xfe80 >>> 6
}

/** The addresses of a virtual server group's line. */
export interface AddressRange {
  readonly first: string
  readonly last: string
  readonly family: Family
}

/** Why a range is none: the message that keepalived gives, with `R` for the range as it was written. */
export type BadRange = 'address' | 'order' | 'end' | 'mask'

/** `A`, `A-N` (its last part, decimal; of IPv6 hexadecimal), `A-B`, `A/L` with an empty host part. */
export function rangeOf(text: string): AddressRange | BadRange {
  const [, from = '', sign, to = ''] = /^([^/-]+)(?:([/-])(.*))?$/.exec(text) ?? []
  const first = addressOf(from)
  if (first === undefined) return 'address'
  const { family } = first
  if (sign === undefined) return { first: first.text, last: first.text, family }
  const start = numberOf(first)
  const last = sign === '/' ? endOfBlock(start, to, family) : endOfRange(first, start, to)
  if (typeof last === 'string') return last
  if (last < start || (sign === '-' && last === start)) return 'order'
  return { first: first.text, last: textOf(last, family), family }
}

function endOfBlock(start: bigint, length: string, family: Family): bigint | BadRange {
  const bits = family === 4 ? 32 : 128
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return 'address'
  const size = 1n << BigInt(bits - Number(length))
  return start % size === 0n ? start + size - 1n : 'mask'
}

function endOfRange(first: Address, start: bigint, to: string): bigint | BadRange {
  const whole = addressOf(to)
  if (whole) return whole.family === first.family ? numberOf(whole) : 'address'
  const size = first.family === 4 ? 256n : 65_536n
  if (!(first.family === 4 ? /^\d{1,5}$/ : /^[0-9a-f]{1,8}$/i).test(to)) return 'address'
  const part = first.family === 4 ? BigInt(to) : BigInt(`0x${to}`)
  return part >= size ? 'end' : (start / size) * size + part
}

function numberOf({ text, family }: Address): bigint {
  const words = family === 4 ? [parseIpv4(text)!] : parseIpv6(text)!
  return words.reduce<bigint>((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n)
}

function textOf(value: bigint, family: Family): string {
  const word = (shift: bigint): number => Number(BigInt.asIntN(32, value >> shift))
  return family === 4 ? formatIpv4(word(0n) as Ipv4Addr) : formatIpv6([word(96n), word(64n), word(32n), word(0n)])
}

/** The length of a netmask such as 255.255.255.0; undefined: its ones are not together. */
export function lengthOfMask(mask: string): number | undefined {
  const value = parseIpv4(mask)
  for (let length = 0; length <= 32; length++) if (value === maskOf(length)) return length
  return undefined
}
