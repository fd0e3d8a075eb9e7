const MASK = (1n << 64n) - 1n

const rotate = (x: bigint, n: bigint): bigint => ((x << n) | (x >> (64n - n))) & MASK

/** Low 32 bits of SipHash-1-3 of any octets, both words of the key given (Aumasson and Bernstein, §2). Slow. */
export function slowSipHash13(octets: readonly number[], k0: bigint, k1: bigint): number {
  let v0 = k0 ^ 0x736f6d6570736575n
  let v1 = k1 ^ 0x646f72616e646f6dn
  let v2 = k0 ^ 0x6c7967656e657261n
  let v3 = k1 ^ 0x7465646279746573n
  const round = () => {
    v0 = (v0 + v1) & MASK
    v1 = rotate(v1, 13n) ^ v0
    v0 = rotate(v0, 32n)
    v2 = (v2 + v3) & MASK
    v3 = rotate(v3, 16n) ^ v2
    v0 = (v0 + v3) & MASK
    v3 = rotate(v3, 21n) ^ v0
    v2 = (v2 + v1) & MASK
    v1 = rotate(v1, 17n) ^ v2
    v2 = rotate(v2, 32n)
  }
  // Padded with zeros to a multiple of 8, the last octet the length.
  const padded = [...octets, ...Array.from({ length: 7 - (octets.length % 8) }, () => 0), octets.length & 255]
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.slice(at, at + 8).reduceRight((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
    v3 ^= word
    round()
    v0 ^= word
  }
  v2 ^= 0xffn
  round()
  round()
  round()
  return Number((v0 ^ v1 ^ v2 ^ v3) & 0xffffffffn)
}

/** Of the 4 octets of a number, both words of the key being `key`: what mh asks. */
export function slowHash(value: number, key: number): number {
  const octets = [0, 8, 16, 24].map(shift => (value >>> shift) & 255)
  return slowSipHash13(octets, BigInt(key), BigInt(key))
}
