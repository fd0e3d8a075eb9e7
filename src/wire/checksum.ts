/**
 * The Internet checksum, RFC 1071, and its incremental update, RFC 1624. A *sum* is folded to 16 bits and not
 * complemented; a *check* is what stands in a header: the complement of the sum. Both are host numbers.
 */

/** Folds carries back in until 16 bits are left. Takes sums below 2^32. */
export function fold(sum: number): number {
  sum = (sum & 0xffff) + (sum >>> 16)
  return (sum & 0xffff) + (sum >>> 16)
}

/** The sum of `len` octets at `at`, an odd last octet padded with zero, added to `start` (a folded sum). */
export function sum16(dv: DataView, at: number, len: number, start = 0): number {
  // Adding 32-bit words is the same sum: 2^16 ≡ 1 (mod 2^16 − 1). Halves are kept apart so that nothing exceeds 2^32.
  let high = 0
  let low = start
  const wordsEnd = at + (len & ~3)
  for (; at < wordsEnd; at += 4) {
    const word = dv.getUint32(at)
    high += word >>> 16
    low += word & 0xffff
  }
  if (len & 2) {
    low += dv.getUint16(at)
    at += 2
  }
  if (len & 1) low += dv.getUint8(at) << 8
  return fold(fold(high) + fold(low))
}

/** The sum of the pseudo header that TCP and UDP cover: addresses, protocol, transport length (RFC 9293 §3.1). */
export function pseudoHeaderSum(src: number, dst: number, protocol: number, transportLen: number): number {
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
