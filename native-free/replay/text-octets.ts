/** Octets of text that the parts of a line have. Latin-1. */
export const octetsOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')

/** A line's room: the longest comment or line of JSON has a few hundred octets. */
const ROOM = 2048
const ZERO = 48
/** Up to here a loop is faster than a call of `set`. */
const SHORT = 10

/** Text that is put together of octets, without making a string for each frame. */
export class TextOctets {
  readonly bytes = new Uint8Array(ROOM)
  len = 0

  clear(): this {
    this.len = 0
    return this
  }
  put(octets: Uint8Array): this {
    const { bytes, len } = this
    if (octets.length > SHORT) bytes.set(octets, len)
    else for (let i = 0; i < octets.length; i++) bytes[len + i] = octets[i]!
    this.len = len + octets.length
    return this
  }
  /** A whole number from 0, with at least so many digits. */
  number(value: number, digits = 1): this {
    let count = 1
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++
    const from = this.len
    this.len += Math.max(count, digits)
    for (let at = this.len - 1, rest = value; at >= from; at--) {
      const next = Math.floor(rest / 10)
      this.bytes[at] = ZERO + (rest - next * 10)
      rest = next
    }
    return this
  }
  toString(): string {
    return Buffer.from(this.bytes.buffer, 0, this.len).toString('latin1')
  }
}
