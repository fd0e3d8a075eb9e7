import type { Ipv4Addr } from '../../wire/addr.js'
import { DF, PLAIN_IPV4 } from '../../wire/ipv4.js'
import { folded, halves } from '../path/fast-sums.js'

/* Numbers as a little-endian program reads them from a frame, and what mends checksums there (packet/flow-slot.ts). */

/** What the TTL's fall by one adds: its octet is the upper one of a word. */
const TTL_FALL = 0xffff - 0x100

/** A 32-bit number with its octets in the frame's order. */
export function inFrame(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
/** What a change of a word adds to the complement of a checksum, not folded. */
export function changeOf(out: number, into: number): number {
  return halves(~out) + halves(into)
}
/** A sum of changes as slots have it. Not 0: each change adds a number and a complement. */
export function slotSum(changes: number): number {
  const half = folded(changes)
  return ((half & 0xff) << 8) | (half >>> 8)
}
/** The same for an IPv4 header. */
export function headerSum(changes: number): number {
  return slotSum(changes + TTL_FALL)
}
/**
 * What the outer IPv4 headers of a tunnel have in common, with DF and no identification, less their type of service, length and TTL: its
 * sum, and the word from the fragment offset on.
 */
export function tunnelSum(protocol: number, src: Ipv4Addr, dst: Ipv4Addr): number {
  return slotSum((PLAIN_IPV4 << 8) + DF + protocol + halves(src) + halves(dst))
}
export function tunnelWord(protocol: number): number {
  return inFrame((DF << 16) | protocol)
}
