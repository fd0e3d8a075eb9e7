import { createHmac } from 'node:crypto'
import { AH_ICV_AT, AH_ICV_LEN } from '../../wire/ah.js'

const TOS = 1
const CHECKSUM = 10

/**
 * The check value of an IPv4 packet with an authentication header at `ahAt`, as keepalived computes it: the first 96 bits of HMAC-MD5
 * over the packet with TOS, header checksum and check value as zeros. The TTL is not taken as zero, though RFC 4302 §3.3.3.1.1 has it
 * so. Where the system's library forbids MD5 this throws.
 */
export function integrityCheckOf(packet: Uint8Array, ahAt: number, password: string): Uint8Array {
  const copy = Uint8Array.from(packet)
  copy[TOS] = 0
  copy.fill(0, CHECKSUM, CHECKSUM + 2)
  copy.fill(0, ahAt + AH_ICV_AT, ahAt + AH_ICV_AT + AH_ICV_LEN)
  return createHmac('md5', Buffer.from(password, 'latin1')).update(copy).digest().subarray(0, AH_ICV_LEN)
}
