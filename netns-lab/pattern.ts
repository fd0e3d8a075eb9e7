import { createHash } from 'node:crypto'

const PIECE = 65_536

/** Returns `len` octets in pieces of 64 KiB, the same every time, no two pieces alike. */
export function* pattern(len: number): Generator<Buffer> {
  for (let at = 0; at < len; at += PIECE) {
    yield Buffer.alloc(Math.min(PIECE, len - at), createHash('sha512').update(String(at)).digest())
  }
}

/** The SHA-256 of the first `len` octets of the pattern, in hexadecimal. */
export function patternHash(len: number): string {
  const hash = createHash('sha256')
  for (const piece of pattern(len)) hash.update(piece)
  return hash.digest('hex')
}
