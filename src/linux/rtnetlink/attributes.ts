import type { Ipv4Addr, MacAddr } from '../../wire/addr.js'
import { align, HOST_ORDER } from './message.js'

/*
 * The attributes at the end of a message (rtnetlink(7), linux/rtnetlink.h), each at a multiple of 4 octets:
 *
 *      0          2      4
 *     +----------+------+---------------------------+
 *     | len, all | type | value, or attributes      |
 *     +----------+------+---------------------------+
 */
const HEADER_LEN = 4
/** The type's upper two bits say that attributes are within, or that a number is in network order. */
const TYPE_MASK = 0x3fff
/** Types from here on are none that are asked for. */
const MOST_TYPES = 128

/**
 * The attributes of one message by their types. It is made once and pointed at message after message. A getter returns
 * undefined where there is no such attribute, or one that is too short.
 */
export class Attributes {
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0))
  /** Where a type's value begins, and its octets; the first is 0 where it is absent. */
  readonly #at = new Int32Array(MOST_TYPES)
  readonly #len = new Int32Array(MOST_TYPES)

  /** Of two of a type the later one counts. What is behind one that is not whole is not looked at. */
  wrap(view: DataView<ArrayBufferLike>, from: number, to: number): this {
    this.#view = view
    this.#at.fill(0)
    for (let at = from; to - at >= HEADER_LEN;) {
      const len = view.getUint16(at, HOST_ORDER)
      if (len < HEADER_LEN || len > to - at) break
      const type = view.getUint16(at + 2, HOST_ORDER) & TYPE_MASK
      if (type < MOST_TYPES) {
        this.#at[type] = at + HEADER_LEN
        this.#len[type] = len - HEADER_LEN
      }
      at += align(len)
    }
    return this
  }

  has(type: number): boolean {
    return this.#at[type] !== 0
  }
  /** Those that are there, the least first. */
  types(): number[] {
    return [...this.#at.keys()].filter(type => this.has(type))
  }
  octet(type: number): number | undefined {
    return this.#holds(type, 1) ? this.#view.getUint8(this.#at[type]!) : undefined
  }
  /** An unsigned number of 32 bits. */
  word(type: number): number | undefined {
    return this.#holds(type, 4) ? this.#view.getUint32(this.#at[type]!, HOST_ORDER) : undefined
  }
  addr(type: number): Ipv4Addr | undefined {
    return this.#holds(type, 4) ? (this.#view.getInt32(this.#at[type]!) as Ipv4Addr) : undefined
  }
  /** Undefined for hardware addresses that are not Ethernet's, too. */
  mac(type: number): MacAddr | undefined {
    const at = this.#at[type]!
    if (at === 0 || this.#len[type] !== 6) return undefined
    return { hi: this.#view.getUint16(at), lo: this.#view.getUint32(at + 2) }
  }
  text(type: number): string | undefined {
    const at = this.#at[type]!
    if (at === 0) return undefined
    const octets = Buffer.from(this.#view.buffer, this.#view.byteOffset + at, this.#len[type])
    const end = octets.indexOf(0)
    return octets.toString('utf8', 0, end < 0 ? octets.length : end)
  }
  /** Points `inner` at the attributes that are this one's value; at none if it is absent. */
  within(type: number, inner: Attributes): Attributes {
    const at = this.#at[type]!
    return inner.wrap(this.#view, at, at === 0 ? 0 : at + this.#len[type]!)
  }
  /** Where its value begins, 0 if it is absent; and its octets. */
  valueAt(type: number): number {
    return this.#at[type]!
  }
  valueLen(type: number): number {
    return this.has(type) ? this.#len[type]! : 0
  }

  #holds(type: number, octets: number): boolean {
    return this.#at[type] !== 0 && this.#len[type]! >= octets
  }
}
