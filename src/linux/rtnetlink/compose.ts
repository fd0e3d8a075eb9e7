import { align, HEADER_LEN, HOST_ORDER } from './message.js'

/** An attribute to be sent: its type, and its octets or the attributes in it. */
export type Attribute = readonly [type: number, value: Uint8Array | readonly Attribute[]]

const ATTRIBUTE_HEADER_LEN = 4

/** Writes a message (message.ts); `body`: words in the host's order. Returns its octets. */
export function composeMessage(
  view: DataView<ArrayBufferLike>,
  type: number,
  flags: number,
  body: readonly number[],
  attributes: readonly Attribute[],
): number {
  const attributesAt = HEADER_LEN + body.length * 4
  body.forEach((word, i) => view.setUint32(HEADER_LEN + i * 4, word, HOST_ORDER))
  const end = writeAttributes(view, attributesAt, attributes)
  view.setUint32(0, end, HOST_ORDER)
  view.setUint16(4, type, HOST_ORDER)
  view.setUint16(6, flags, HOST_ORDER)
  view.setUint32(8, 0, HOST_ORDER)
  view.setUint32(12, 0, HOST_ORDER)
  return end
}

/** Returns where they end. */
function writeAttributes(view: DataView<ArrayBufferLike>, from: number, attributes: readonly Attribute[]): number {
  let at = from
  for (const [type, value] of attributes) {
    const begin = at + ATTRIBUTE_HEADER_LEN
    const end = value instanceof Uint8Array ? writeOctets(view, begin, value) : writeAttributes(view, begin, value)
    view.setUint16(at, end - at, HOST_ORDER)
    view.setUint16(at + 2, type, HOST_ORDER)
    for (at = end; at < from + align(end - from); at++) view.setUint8(at, 0)
  }
  return at
}

function writeOctets(view: DataView<ArrayBufferLike>, at: number, octets: Uint8Array): number {
  octets.forEach((octet, i) => view.setUint8(at + i, octet))
  return at + octets.length
}
