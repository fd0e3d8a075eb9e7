/* Checksums and ports as words (RFC 1071, RFC 1624), short enough for V8 to inline at every call. */

/** Swaps the two ports of a word. */
export function swapped(ports: number): number {
  return (ports << 16) | (ports >>> 16)
}
/** What a 32-bit word adds to a checksum's sum. `halves(~word)` takes it out (RFC 1624: ~m). */
export function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff)
}
/** wire/checksum's `fold` for sums below 2^24. */
export function folded(sum: number): number {
  sum = (sum & 0xffff) + (sum >>> 16)
  return (sum & 0xffff) + (sum >>> 16)
}
/** A checksum after its sum changed by `by`. */
export function mended(check: number, by: number): number {
  return ~folded((~check & 0xffff) + by) & 0xffff
}
