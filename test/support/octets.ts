/* What building and reading frames have in common. Slow and obvious on purpose, and nothing of src/ in it: the tests'
 * expected frames come from here, so a mistake in src/wire cannot hide in both. */

/** Octets as hex digits, two each. */
export function hex(octets: Uint8Array): string {
  return [...octets].map(octet => octet.toString(16).padStart(2, '0')).join('')
}

/** The octets of a text of hex digits; blanks between them are for the reader. */
export function unhex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '')
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) throw new RangeError(`not hex octets: '${text}'`)
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

/** One after the other, in new memory. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((len, part) => len + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A 16-bit number as on the wire. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of((value >>> 8) & 0xff, value & 0xff)
}

/** A 32-bit number as on the wire. */
export function u32(value: number): Uint8Array {
  return concat(u16(value >>> 16), u16(value & 0xffff))
}

export function readU16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}

export function readU32(octets: Uint8Array, at: number): number {
  return readU16(octets, at) * 0x10000 + readU16(octets, at + 2)
}

/** '10.0.0.1' as four octets. */
export function addrOctets(text: string): Uint8Array {
  const parts = text.split('.').map(Number)
  const octets = Uint8Array.from(parts)
  if (octets.length !== 4 || octets.join('.') !== text) throw new RangeError(`not an IPv4 address: '${text}'`)
  return octets
}

/** '02:00:00:00:01:10' as six octets. */
export function macOctets(text: string): Uint8Array {
  const octets = unhex(text.replaceAll(':', ''))
  if (octets.length !== 6) throw new RangeError(`not an Ethernet address: '${text}'`)
  return octets
}

export function addrText(octets: Uint8Array): string {
  return octets.join('.')
}

export function macText(octets: Uint8Array): string {
  return [...octets].map(octet => hex(Uint8Array.of(octet))).join(':')
}

/** Ones' complement sum of the 16-bit words, an odd last octet padded with zero; not complemented (RFC 1071). */
export function sum(octets: Uint8Array): number {
  let total = 0
  for (let at = 0; at < octets.length; at += 2) {
    total += readU16(octets, at)
    if (total > 0xffff) total -= 0xffff
  }
  return total
}

/** The Internet checksum as it stands in a header: the sum's complement. */
export function checksum(octets: Uint8Array): number {
  return sum(octets) ^ 0xffff
}

/** The TCP and UDP pseudo-header (RFC 793 §3.1, RFC 768): addresses, zero, protocol, length of header and data. */
export function pseudoHeader(src: Uint8Array, dst: Uint8Array, protocol: number, len: number): Uint8Array {
  return concat(src, dst, u16(protocol), u16(len))
}
