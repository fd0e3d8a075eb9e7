/*
 * VRRP version 2 (RFC 2338 §5.1, whose authentication RFC 3768 took out) and version 3 (RFC 5798 §5.1, RFC 9568 §5.1).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version|  Type |      VRID     |    Priority   | Address count |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Auth type   |   Interval, s |            Checksum           |  version 2
 * |   0   |     Interval, 10 ms   |            Checksum           |  version 3
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |        Addresses, of 4 octets each, or 16 over IPv6           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Authentication data, 8 octets, version 2 alone       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * The checksum of version 2 covers all of this, that of version 3 the pseudo header too. The eight octets at the end of version 2
 * are there without authentication as well, as zeros.
 */
import { sum16 } from './checksum.js'
import { addrLen, type Family, type IpAddr, readIp, writeIp } from './ip-addr.js'
import { NOWHERE } from './view.js'

const VERSION_TYPE = 0
const VRID = 1
const PRIORITY = 2
const COUNT = 3
const AUTH_TYPE = 4
const INTERVAL_S = 5
const MAX_INTERVAL = 4
const CHECKSUM = 6
const ADDRESSES = 8

/** Octets before the addresses: what every advert has. */
export const VRRP_MIN_LEN = 8
/** Octets of authentication data. */
export const VRRP_AUTH_LEN = 8
/** The field has 12 bits. */
export const VRRP_MOST_INTERVAL_CS = 0xfff
export const VrrpType = { ADVERTISEMENT: 1 } as const
export const VrrpAuth = { NONE: 0, PASS: 1, AH: 2 } as const
export const VrrpPriority = { STOPS: 0, OWNER: 255 } as const

export type VrrpVersion = 2 | 3

/** Octets of an advert. */
export function vrrpLen(version: VrrpVersion, family: Family, count: number): number {
  return VRRP_MIN_LEN + count * addrLen(family) + (version === 2 ? VRRP_AUTH_LEN : 0)
}

/** Reads and writes a VRRP advert in place. Owns no octets. VRRP_MIN_LEN octets must be there; `isWhole` for the rest. */
export class VrrpView {
  #dv: DataView = NOWHERE
  #at = 0
  #family: Family = 4

  /** `family`: that of the packet around it, and so of its addresses. */
  wrap(dv: DataView, at: number, family: Family): this {
    this.#dv = dv
    this.#at = at
    this.#family = family
    return this
  }

  /** Octets that an advert of its version and count has; of an unknown version, as version 3. */
  get wholeLen(): number {
    return vrrpLen(this.version === 2 ? 2 : 3, this.#family, this.count)
  }
  /** Whether `len` is what version and count make of it: no octet missing, none too many. */
  isWhole(len: number): boolean {
    return len === this.wholeLen
  }

  get version(): number {
    return this.#dv.getUint8(this.#at + VERSION_TYPE) >>> 4
  }
  get type(): number {
    return this.#dv.getUint8(this.#at + VERSION_TYPE) & 15
  }
  get vrid(): number {
    return this.#dv.getUint8(this.#at + VRID)
  }
  get priority(): number {
    return this.#dv.getUint8(this.#at + PRIORITY)
  }
  get count(): number {
    return this.#dv.getUint8(this.#at + COUNT)
  }
  /** Version 2. */
  get authType(): number {
    return this.#dv.getUint8(this.#at + AUTH_TYPE)
  }
  get checksum(): number {
    return this.#dv.getUint16(this.#at + CHECKSUM)
  }
  /** In milliseconds, of either version. */
  get intervalMs(): number {
    if (this.version === 2) return this.#dv.getUint8(this.#at + INTERVAL_S) * 1000
    return (this.#dv.getUint16(this.#at + MAX_INTERVAL) & VRRP_MOST_INTERVAL_CS) * 10
  }
  /** `index`: below `count`. */
  address(index: number): IpAddr {
    return readIp(this.#dv, this.#at + ADDRESSES + index * addrLen(this.#family), this.#family)
  }
  get #authAt(): number {
    return this.#at + ADDRESSES + this.count * addrLen(this.#family)
  }
  /** Version 2: one of the eight octets of authentication data. */
  authOctet(index: number): number {
    return this.#dv.getUint8(this.#authAt + index)
  }
  /** Whether the checksum is right, given the sum of the pseudo header (0 without one). */
  checksumOk(len: number, pseudoSum: number): boolean {
    return sum16(this.#dv, this.#at, len, pseudoSum) === 0xffff
  }

  /** Begins an advert with a checksum of 0. `withAddresses`, in version 2 `withAuth`, and `finish` must follow. */
  build(version: VrrpVersion, vrid: number, priority: number, intervalMs: number): this {
    const dv = this.#dv
    const at = this.#at
    dv.setUint8(at + VERSION_TYPE, (version << 4) | VrrpType.ADVERTISEMENT)
    dv.setUint8(at + VRID, vrid)
    dv.setUint8(at + PRIORITY, priority)
    if (version === 2) dv.setUint16(at + AUTH_TYPE, Math.round(intervalMs / 1000) & 0xff)
    else dv.setUint16(at + MAX_INTERVAL, Math.round(intervalMs / 10) & VRRP_MOST_INTERVAL_CS)
    dv.setUint16(at + CHECKSUM, 0)
    return this
  }
  /** At most 255. */
  withAddresses(addresses: readonly IpAddr[]): this {
    this.#dv.setUint8(this.#at + COUNT, addresses.length)
    const len = addrLen(this.#family)
    for (const [index, addr] of addresses.entries()) writeIp(this.#dv, this.#at + ADDRESSES + index * len, addr)
    return this
  }
  /** Version 2, after the addresses: the type, and its data, filled up with zeros. */
  withAuth(type: number, data: Uint8Array): this {
    this.#dv.setUint8(this.#at + AUTH_TYPE, type)
    for (let at = 0; at < VRRP_AUTH_LEN; at++) this.#dv.setUint8(this.#authAt + at, data[at] ?? 0)
    return this
  }
  finish(len: number, pseudoSum: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, ~sum16(this.#dv, this.#at, len, pseudoSum) & 0xffff)
  }
}
