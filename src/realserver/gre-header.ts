// RFC 2784 §2.1, RFC 2890 §2: flags and version, protocol, then 4 octets each for checksum, key and sequence number.
import { sum16 } from '../wire/checksum.js'

const CHECKSUM_PRESENT = 0x8000
const KEY_PRESENT = 0x2000
const SEQUENCE_PRESENT = 0x1000
const KNOWN = CHECKSUM_PRESENT | KEY_PRESENT | SEQUENCE_PRESENT
const ETHERTYPE_IPV4 = 0x0800

/** Octets of the GRE header at `at` of which `len` octets are there; 0 if it is not one of version 0 with IPv4 behind it. */
export function greHeaderLen(dv: DataView, at: number, len: number): number {
  if (len < 4) return 0
  const flags = dv.getUint16(at)
  if ((flags & ~KNOWN) !== 0 || dv.getUint16(at + 2) !== ETHERTYPE_IPV4) return 0
  const headerLen =
    4 + (flags & CHECKSUM_PRESENT ? 4 : 0) + (flags & KEY_PRESENT ? 4 : 0) + (flags & SEQUENCE_PRESENT ? 4 : 0)
  return headerLen <= len ? headerLen : 0
}

/** Whether its checksum, over header and payload, is right or not there. */
export function isGreChecksumOk(dv: DataView, at: number, len: number): boolean {
  return (dv.getUint16(at) & CHECKSUM_PRESENT) === 0 || sum16(dv, at, len) === 0xffff
}
