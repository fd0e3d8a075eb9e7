// CRC-32C (Castagnoli), reflected polynomial 0x82f63b78 (RFC 3385; RFC 9260 appendix A), an octet at a time.
const table = Int32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  return crc
})

/** The CRC of `len` octets at `at`, as an unsigned number. */
export function crc32c(dv: DataView, at: number, len: number): number {
  let crc = -1
  for (const end = at + len; at < end; at++) crc = table[(crc ^ dv.getUint8(at)) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
