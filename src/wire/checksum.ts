/*
 * The Internet checksum, RFC 1071, and its incremental update, RFC 1624. A *sum* is folded to 16 bits and not
 * complemented; a *check* is what stands in a header: the complement of the sum. Both are host numbers.
 */
import type { Ipv4Addr } from './addr.js'

/** Folds carries back in until 16 bits are left. Takes sums below 2^32. */
export function fold(sum: number): number {
  sum = (sum & 0xffff) + (sum >>> 16)
  return (sum & 0xffff) + (sum >>> 16)
}

/**
 * The sum of `len` octets at `at`, an odd last octet padded with zero, added to `start` (a folded sum).
 * 32-bit words give the same sum, as 2^16 ≡ 1 (mod 2^16 − 1). Words read in the other byte order give the octet-swapped sum
 * (RFC 1071 §2 B): one swap at the end replaces one a word. They are added as doubles, exact to 2^53: the fastest of what
 * `npm run bench:checksum` compares. `| 0` spares a check for overflow at each address.
 */
export function sum16(dv: DataView, at: number, len: number, start = 0): number {
  let total = swap(start)
  let end = (at + (len & ~31)) | 0
  for (; at < end; at = (at + 32) | 0) total += fourWords(dv, at) + fourWords(dv, (at + 16) | 0)
  end = (at + (len & 28)) | 0
  for (; at < end; at = (at + 4) | 0) total += dv.getUint32(at, true)
  if (len & 2) {
    total += dv.getUint16(at, true)
    at = (at + 2) | 0
  }
  if (len & 1) total += dv.getUint8(at)
  return swap(foldWords(total))
}

/** Whether the 20 octets at `at`, their check among them, sum up to ffff, as those of a right header do. */
export function sumOf20IsRight(dv: DataView, at: number): boolean {
  // ffff is the same in either byte order.
  return foldWords(fourWords(dv, at) + dv.getUint32((at + 16) | 0, true)) === 0xffff
}

function fourWords(dv: DataView, at: number): number {
  const first = dv.getUint32(at, true) + dv.getUint32((at + 4) | 0, true)
  return first + (dv.getUint32((at + 8) | 0, true) + dv.getUint32((at + 12) | 0, true))
}

/** Folds a sum of 32-bit words, below 2^53, to 16 bits. */
function foldWords(total: number): number {
  return fold(fold(total >>> 0) + fold((total * 2 ** -32) >>> 0))
}

/** The octets of a 16-bit number, the other way round. */
function swap(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >>> 8)
}

/** The sum of the pseudo header that TCP and UDP cover: addresses, protocol, transport length (RFC 9293 §3.1). */
export function pseudoHeaderSum(src: Ipv4Addr, dst: Ipv4Addr, protocol: number, transportLen: number): number {
  return fold((src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocol + transportLen)
}

/** The check after one 16-bit word changed: HC' = ~(~HC + ~m + m'), RFC 1624 eqn. 3. (Eqn. 2 gives ffff where 0 is right.) */
export function update16(check: number, from: number, to: number): number {
  return ~fold((~check & 0xffff) + (~from & 0xffff) + to) & 0xffff
}

/** The check after one 32-bit word changed. */
export function update32(check: number, from: number, to: number): number {
  const minus = (~from >>> 16) + (~from & 0xffff)
  return ~fold((~check & 0xffff) + minus + (to >>> 16) + (to & 0xffff)) & 0xffff
}

/** The sum after one 16-bit word that it covers changed. */
export function updateSum16(sum: number, from: number, to: number): number {
  return fold(sum + (~from & 0xffff) + to)
}

/** The sum after one 32-bit word that it covers changed: for a field that holds a pseudo-header sum (partial checksum). */
export function updateSum32(sum: number, from: number, to: number): number {
  return fold(sum + (~from >>> 16) + (~from & 0xffff) + (to >>> 16) + (to & 0xffff))
}
