/*
 * Generic UDP encapsulation, behind a UDP header. Version 0: draft-ietf-intarea-gue §3.1, Hlen in words of 4 octets.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | 0 |C|  Hlen   |  Proto/ctype  |             Flags             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                  Extensions and private data                  ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * As Linux sends it: the one flag (1) says that 32 private flags follow, and the one private flag (the highest bit) that remote
 * checksum offload does (draft-herbert-remotecsumoffload): where the checksum starts, and where it goes, 16 bits each.
 *
 * Version 1 (§4) has no header: the first two bits are those of the IP version.
 */
import { IpProtocol } from './ipv4.js'
import { NOWHERE } from './view.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { IPIP } = IpProtocol

const VERSION_C_HLEN = 0
const PROTOCOL = 1
const FLAGS = 2
const PRIVATE_FLAGS = 4
const CHECKSUM_START = 8
const CHECKSUM_AT = 10

/** Octets of a header without extensions. */
export const GUE_LEN = 4
/** Mask of Hlen, the lower five bits of the first octet. The octet is at most that in version 0 without a control message. */
export const GUE_HLEN = 0x1f
const PRIVATE_FLAGS_LEN = 8
const REMOTE_CHECKSUM_LEN = 12
const PRIVATE = 0x0001
const REMOTE_CHECKSUM = 0x8000_0000
const IPV4_IN_VERSION_1 = 4

/** Reads and writes a GUE header in place. Call `isValid` first, or ask `isData` of two octets. */
export class GueView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /** Whether `len` octets hold a whole header that is known here, with IPv4 behind it. */
  isValid(len: number): boolean {
    if (len < GUE_LEN) return false
    if (this.#isVersion1) return this.#dv.getUint8(this.#at + VERSION_C_HLEN) >>> 4 === IPV4_IN_VERSION_1
    if (!this.isData || this.headerLen > len) return false
    return this.#flags === 0 || (this.#flags === PRIVATE && this.#arePrivateFlagsValid)
  }
  get #arePrivateFlagsValid(): boolean {
    if (this.headerLen < PRIVATE_FLAGS_LEN) return false
    if (this.#privateFlags === 0) return true
    if (!this.leavesChecksum) return false
    return this.checksumAt >= this.checksumStart && this.checksumAt > 0
  }

  /** Version 0, no control message, IPv4 behind it. For this the first two octets must be there. */
  get isData(): boolean {
    const dv = this.#dv
    return dv.getUint8(this.#at + VERSION_C_HLEN) <= GUE_HLEN && dv.getUint8(this.#at + PROTOCOL) === IPIP
  }
  /** Octets up to the IPv4 packet; for this the first octet must be there. */
  get headerLen(): number {
    return this.#isVersion1 ? 0 : GUE_LEN + (this.#dv.getUint8(this.#at + VERSION_C_HLEN) & GUE_HLEN) * 4
  }
  /** The inner packet's checksum is left to the receiver (remote checksum offload). */
  get leavesChecksum(): boolean {
    if (this.headerLen < REMOTE_CHECKSUM_LEN) return false
    return this.#flags === PRIVATE && this.#privateFlags === REMOTE_CHECKSUM
  }
  /** What the checksum is to cover, if it is left to the receiver: all from here on, in octets from the packet's start. */
  get checksumStart(): number {
    return this.#dv.getUint16(this.#at + CHECKSUM_START)
  }
  /** Where it goes, from the packet's start. */
  get checksumAt(): number {
    return this.#dv.getUint16(this.#at + CHECKSUM_AT)
  }
  get #isVersion1(): boolean {
    return this.#dv.getUint8(this.#at + VERSION_C_HLEN) >>> 6 === 1
  }
  get #flags(): number {
    return this.#dv.getUint16(this.#at + FLAGS)
  }
  get #privateFlags(): number {
    return this.#dv.getUint32(this.#at + PRIVATE_FLAGS)
  }

  /** Writes a header of version 0 for IPv4, without extensions. */
  build(): void {
    this.#dv.setUint32(this.#at, IPIP << 16)
  }
}
