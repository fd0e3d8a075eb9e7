// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): one compression round, three of finalization.
// 64-bit words as pairs of 32-bit ones; the state is the module's, so that hashing allocates nothing.
const v = new Int32Array(8) // v0 low, v0 high, v1 low, …

/** Low 32 bits of SipHash-1-3 of the 4 octets of `value`, little-endian, under a 128-bit key whose words are both `key`. */
export function sipHash13(value: number, key: number): number {
  // The initial state: "somepseudorandomlygeneratedbytes", xored with the key.
  v[0] = 0x70736575 ^ key
  v[1] = 0x736f6d65
  v[2] = 0x6e646f6d ^ key
  v[3] = 0x646f7261
  v[4] = 0x6e657261 ^ key
  v[5] = 0x6c796765
  v[6] = 0x79746573 ^ key
  v[7] = 0x74656462
  // The only block: the message, and its length in the topmost octet.
  const high = 4 << 24
  v[6] ^= value
  v[7] ^= high
  round()
  v[0] ^= value
  v[1] ^= high
  v[4] ^= 0xff
  round()
  round()
  round()
  return (v[0] ^ v[2]! ^ v[4]! ^ v[6]!) >>> 0
}

function round(): void {
  add(0, 2)
  rotate(2, 13)
  xor(2, 0)
  swap(0)
  add(4, 6)
  rotate(6, 16)
  xor(6, 4)
  add(0, 6)
  rotate(6, 21)
  xor(6, 0)
  add(4, 2)
  rotate(2, 17)
  xor(2, 4)
  swap(4)
}
function add(a: number, b: number): void {
  const low = (v[a]! >>> 0) + (v[b]! >>> 0)
  v[a + 1] = v[a + 1]! + v[b + 1]! + (low > 0xffffffff ? 1 : 0)
  v[a] = low
}
function xor(a: number, b: number): void {
  v[a]! ^= v[b]!
  v[a + 1]! ^= v[b + 1]!
}
/** Rotates left by 0 < n < 32. */
function rotate(a: number, n: number): void {
  const low = v[a]!
  const high = v[a + 1]!
  v[a] = (low << n) | (high >>> (32 - n))
  v[a + 1] = (high << n) | (low >>> (32 - n))
}
/** Rotates left by 32. */
function swap(a: number): void {
  const low = v[a]!
  v[a] = v[a + 1]!
  v[a + 1] = low
}
