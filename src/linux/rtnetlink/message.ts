/*
 * Netlink messages (netlink(7), linux/netlink.h). Numbers are in the host's order, IPv4 addresses in network order. A datagram
 * has several, each at a multiple of 4 octets:
 *
 *      0          4      6       8          12       16
 *     +----------+------+-------+----------+--------+----------------------------+-------------------+
 *     | len, all | type | flags | sequence | sender | body, by its type          | attributes        |
 *     +----------+------+-------+----------+--------+----------------------------+-------------------+
 */

/** The order of numbers on the hosts that uvs runs on: little-endian, as DataView takes it. */
export const HOST_ORDER = true
const LEN = 0
const TYPE = 4
const FLAGS = 6
const SEQUENCE = 8
export const HEADER_LEN = 16

/** Types below 16 are netlink's own. */
export const MessageType = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const
export const MessageFlag = {
  REQUEST: 0x1,
  /** Of a request: its end is to be told, with 0 or an errno. */
  ACK: 0x4,
  /** Of a message that is part of a dump: what is dumped changed meanwhile. */
  DUMP_INTERRUPTED: 0x10,
  /** Of a request: all there are. */
  DUMP: 0x300,
  /** Of news: it stands where another stood. */
  REPLACE: 0x100,
  /** Of a request for something new: make it, and only if there is none yet. */
  EXCLUSIVELY: 0x200,
  CREATE: 0x400,
} as const

/** Goes through the messages of a datagram, one `next` after the other. It is made once and pointed at datagram after datagram. */
export class MessageReader {
  type = 0
  flags = 0
  sequence = 0
  /** Where the message's body begins, and where the message ends. */
  body = 0
  end = 0
  /** Octets were left that are no whole message. */
  isMalformed = false
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0))
  #next = 0
  #to = 0

  /** Points at `to` octets. */
  wrap(view: DataView<ArrayBufferLike>, to: number): this {
    this.#view = view
    this.#next = 0
    this.#to = Math.min(to, view.byteLength)
    this.isMalformed = false
    return this
  }

  /** Whether there is one more; then it is the current one. */
  next(): boolean {
    const at = this.#next
    const left = this.#to - at
    if (left < HEADER_LEN) {
      this.isMalformed ||= left > 0
      return false
    }
    const view = this.#view
    const len = view.getUint32(at + LEN, HOST_ORDER)
    if (len < HEADER_LEN || len > left) {
      this.isMalformed = true
      return false
    }
    this.type = view.getUint16(at + TYPE, HOST_ORDER)
    this.flags = view.getUint16(at + FLAGS, HOST_ORDER)
    this.sequence = view.getUint32(at + SEQUENCE, HOST_ORDER)
    this.body = at + HEADER_LEN
    this.end = at + len
    this.#next = Math.min(at + align(len), this.#to)
    return true
  }

  /** The error of an ERROR or DONE message: 0, or an errno below 0. */
  get error(): number {
    return this.end - this.body < 4 ? 0 : this.#view.getInt32(this.body, HOST_ORDER)
  }
}

/** The next multiple of 4. */
export function align(len: number): number {
  return (len + 3) & ~3
}

/**
 * Writes the request for all there are of a type: a body that is zero but for the family, its first octet, and `attributes`
 * of 32 bits. Returns its octets.
 */
export function writeDumpRequest(
  view: DataView<ArrayBufferLike>,
  type: number,
  sequence: number,
  family: number,
  bodyLen: number,
  attributes: readonly (readonly [type: number, value: number])[],
): number {
  const len = HEADER_LEN + align(bodyLen) + attributes.length * 8
  for (let at = 0; at < len; at++) view.setUint8(at, 0)
  view.setUint32(LEN, len, HOST_ORDER)
  view.setUint16(TYPE, type, HOST_ORDER)
  view.setUint16(FLAGS, MessageFlag.REQUEST | MessageFlag.DUMP, HOST_ORDER)
  view.setUint32(SEQUENCE, sequence, HOST_ORDER)
  view.setUint8(HEADER_LEN, family)
  attributes.forEach(([attribute, value], i) => {
    const at = HEADER_LEN + align(bodyLen) + i * 8
    view.setUint16(at, 8, HOST_ORDER)
    view.setUint16(at + 2, attribute, HOST_ORDER)
    view.setUint32(at + 4, value, HOST_ORDER)
  })
  return len
}
