import type { Destination } from '../service/destination.js'

/** A destination's load as lc and wlc see it: an active connection counts as 256 inactive ones (ipvs-behaviour.md §3.1). */
export function overhead(dest: Destination): number {
  return dest.activeConns * 256 + dest.inactConns
}

/** Products below this are exact as doubles. */
const EXACT = 2 ** 53

/** Whether a × b > c × d, exactly, for a and c up to 2^43, b and d up to 2^31: the kernel compares 64-bit products. */
export function productExceeds(a: number, b: number, c: number, d: number): boolean {
  const left = a * b
  const right = c * d
  if (left < EXACT && right < EXACT) return left > right
  const leftHigh = highPart(a, b)
  const rightHigh = highPart(c, d)
  return leftHigh === rightHigh ? lowPart(a, b) > lowPart(c, d) : leftHigh > rightHigh
}

// Small enough that LIMB × 2^31 is exact.
const LIMB = 2 ** 21

/** a × b = high × LIMB + low, both exact for a below 2^43 and b below 2^31. */
function highPart(a: number, b: number): number {
  const low = (a % LIMB) * b
  return Math.floor(a / LIMB) * b + Math.floor(low / LIMB)
}
function lowPart(a: number, b: number): number {
  return ((a % LIMB) * (b % LIMB)) % LIMB
}
