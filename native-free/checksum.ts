/*
 * The hosts' own checksum: slow, obvious, and independent of src/wire on purpose. Hosts that verified the
 * director's frames with the director's code would share its mistakes.
 */

/** Adds the ones' complement sum of the octets (RFC 1071) to `start`; an odd last octet is padded with zero. Not complemented. */
export function sumOctets(octets: Uint8Array, start = 0): number {
  let sum = start
  for (let i = 0; i < octets.length; i++) sum += i % 2 === 0 ? octets[i]! * 256 : octets[i]!
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  return sum
}

/** The sum of the pseudo header (RFC 9293 §3.1, RFC 768). */
export function sumPseudoHeader(src: number, dst: number, protocol: number, len: number): number {
  const header = new DataView(new ArrayBuffer(12))
  header.setInt32(0, src)
  header.setInt32(4, dst)
  header.setUint8(9, protocol)
  header.setUint16(10, len)
  return sumOctets(new Uint8Array(header.buffer))
}
