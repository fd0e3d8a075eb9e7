/*
 * RFC 792; parameter problem: RFC 792 p. 8 (the pointer is the first octet of the rest of the header).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      Type     |      Code     |            Checksum           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                     Rest: by type and code                    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Behind it an error embeds the packet that it is about, from the IP header on.
 */
import { sum16, update16 } from './checksum.js'
import { NOWHERE } from './view.js'

const TYPE = 0
const CODE = 1
const CHECKSUM = 2
const REST = 4

export const ICMP_LEN = 8
export const IcmpType = {
  ECHO_REPLY: 0,
  UNREACHABLE: 3,
  SOURCE_QUENCH: 4,
  REDIRECT: 5,
  ECHO: 8,
  TIME_EXCEEDED: 11,
  PARAMETER_PROBLEM: 12,
} as const
export const TimeExceeded = { TTL: 0, REASSEMBLY: 1 } as const
export const Unreachable = { NET: 0, HOST: 1, PROTOCOL: 2, PORT: 3, FRAGMENTATION_NEEDED: 4, PROHIBITED: 13 } as const
/** The highest type that Linux knows; nothing is ever sent about types above it. */
const HIGHEST_TYPE = 18

/** Types that report an error: no ICMP error is sent about one of these (RFC 1122 §3.2.2). */
export function isIcmpError(type: number): boolean {
  switch (type) {
    case IcmpType.UNREACHABLE:
    case IcmpType.SOURCE_QUENCH:
    case IcmpType.REDIRECT:
    case IcmpType.TIME_EXCEEDED:
    case IcmpType.PARAMETER_PROBLEM:
      return true
    default:
      return type > HIGHEST_TYPE
  }
}

/** Reads and writes an ICMP message in place. The 8 octets must be there. */
export class IcmpView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  get type(): number {
    return this.#dv.getUint8(this.#at + TYPE)
  }
  get code(): number {
    return this.#dv.getUint8(this.#at + CODE)
  }
  /** The second word of the header: what it holds depends on type and code. */
  get rest(): number {
    return this.#dv.getUint32(this.#at + REST)
  }
  get checksum(): number {
    return this.#dv.getUint16(this.#at + CHECKSUM)
  }
  /** Whether the checksum over the `len` octets of the message is right. */
  checksumOk(len: number): boolean {
    return sum16(this.#dv, this.#at, len) === 0xffff
  }

  /** Leaves the checksum stale. */
  set rest(rest: number) {
    this.#dv.setUint32(this.#at + REST, rest)
  }
  /** Turns an echo request of `len` octets, whose checksum is right, into its reply (RFC 792 p. 14). */
  makeEchoReply(len: number): void {
    const word = this.#dv.getUint16(this.#at)
    this.#dv.setUint8(this.#at + TYPE, IcmpType.ECHO_REPLY)
    const check = update16(this.checksum, word, this.#dv.getUint16(this.#at))
    // The octets of a reply may all be zero: its checksum is ffff then, where an update gives 0.
    if (check === 0) this.fillChecksum(len)
    else this.#dv.setUint16(this.#at + CHECKSUM, check)
  }
  /** Computes the checksum over the `len` octets of the message anew. */
  fillChecksum(len: number): void {
    this.#dv.setUint16(this.#at + CHECKSUM, 0)
    this.#dv.setUint16(this.#at + CHECKSUM, ~sum16(this.#dv, this.#at, len) & 0xffff)
  }

  /** Writes the header of an error over the `len` octets of the message, what it embeds being there already. */
  build(type: number, code: number, rest: number, len: number): void {
    this.#dv.setUint8(this.#at + TYPE, type)
    this.#dv.setUint8(this.#at + CODE, code)
    this.#dv.setUint32(this.#at + REST, rest)
    this.fillChecksum(len)
  }
}
