/*
 * Generic UDP encapsulation (draft-ietf-intarea-gue §3): version, control bit and option words in the first octet, the
 * protocol in the second, 16 flags, options. As Linux sends it: the one flag says that 32 private flags follow, the one
 * private flag that remote checksum offload does (draft-herbert-remotecsumoffload).
 */
import { IpProtocol } from '../wire/ipv4.js'

const FIXED_LEN = 4
const PRIVATE = 0x0001
const REMOTE_CHECKSUM = 0x8000_0000

/** Reads a GUE header. Made once. */
export class GueHeader {
  /** Octets up to the IPv4 packet. 0 for version 1, which has no header (§4). */
  len = 0
  /** The inner packet's checksum was left to us: it is to cover all from here on, in octets from the packet's start. */
  checksumStart = 0
  /** Where it is to be put, from the packet's start; 0 if none was left to us. */
  checksumAt = 0

  /** Whether `len` octets hold a header that is known here, with IPv4 behind it. */
  read(dv: DataView, at: number, len: number): boolean {
    this.len = this.checksumStart = this.checksumAt = 0
    if (len < FIXED_LEN) return false
    const first = dv.getUint8(at)
    if (first >>> 6 === 1) return first >>> 4 === 4
    this.len = FIXED_LEN + (first & 0x1f) * 4
    if (first >>> 5 !== 0 || this.len > len || dv.getUint8(at + 1) !== IpProtocol.IPIP) return false
    const flags = dv.getUint16(at + 2)
    return flags === 0 || (flags === PRIVATE && this.#readPrivate(dv, at + FIXED_LEN))
  }

  #readPrivate(dv: DataView, at: number): boolean {
    const room = this.len - FIXED_LEN
    const flags = room >= 4 ? dv.getUint32(at) : -1
    if (flags === 0) return true
    if (flags !== REMOTE_CHECKSUM || room < 8) return false
    this.checksumStart = dv.getUint16(at + 4)
    this.checksumAt = dv.getUint16(at + 6)
    return this.checksumAt >= this.checksumStart && this.checksumAt > 0
  }
}
