/** A quotient and what remains. */
export interface Divided {
  quotient: number
  remainder: number
}

/** From here on a step of the division would not be exact. */
const GREATEST_DIVISOR = 2 ** 37

/**
 * Divides the number of 64 bits of two words, exactly; the quotient is exact below 2^53. `into` is filled. An allocation only for a
 * divisor from 2^37 on.
 */
export function divide64(high: number, low: number, divisor: number, into: Divided): void {
  if (divisor >= GREATEST_DIVISOR) return divideLarge(high, low, divisor, into)
  let quotient = 0
  let rest = 0
  for (let digit = 0; digit < 4; digit++) {
    const word = digit < 2 ? high : low
    rest = rest * 0x1_0000 + ((digit & 1) === 0 ? word >>> 16 : word & 0xffff)
    const part = Math.floor(rest / divisor)
    quotient = quotient * 0x1_0000 + part
    rest -= part * divisor
  }
  into.quotient = quotient
  into.remainder = rest
}

function divideLarge(high: number, low: number, divisor: number, into: Divided): void {
  const value = (BigInt(high) << 32n) | BigInt(low)
  into.quotient = Number(value / BigInt(divisor))
  into.remainder = Number(value % BigInt(divisor))
}
