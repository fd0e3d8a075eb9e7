import { closeSync, openSync, readSync } from 'node:fs'
import { reasonOf } from '../linux/error-text.js'

/** The limit in octets. A million rules take less. */
const LARGEST = 64 * 2 ** 20
const CHUNK = 2 ** 16
const STDIN = 0
const AGAIN_MS = 10

/** A file cannot be read. One line that says which, and why. */
export class Unreadable extends Error {}

/** Reads a whole file, which may be a pipe, to its end; `-` is standard input. */
export function readText(file: string, largest = LARGEST): string {
  const name = file === '-' ? 'standard input' : file || "''"
  let fd: number | undefined
  try {
    fd = file === '-' ? STDIN : openSync(file, 'r')
    const chunks: Buffer[] = []
    let octets = 0
    for (;;) {
      const chunk = Buffer.alloc(CHUNK)
      const count = readSome(fd, chunk)
      if (count === 0) return decode(Buffer.concat(chunks), name)
      chunks.push(chunk.subarray(0, count))
      octets += count
      if (octets > largest) throw new Unreadable(`${name} is larger than ${largest / 2 ** 20} MiB`)
    }
  } catch (error) {
    if (error instanceof Unreadable) throw error
    throw new Unreadable(`cannot read ${name}: ${reasonOf(error)}`)
  } finally {
    if (fd !== undefined && fd !== STDIN) closeSync(fd)
  }
}

/** UTF-8. Some editors save UTF-16, of which all else would be a mistake of the first line. */
function decode(octets: Buffer, name: string): string {
  const mark = octets.length >= 2 ? octets.readUInt16BE(0) : 0
  if (mark === 0xfffe || mark === 0xfeff) throw new Unreadable(`cannot read ${name}: it is UTF-16: save it as UTF-8`)
  return octets.toString('utf8')
}

/** Standard input may be non-blocking: then the read is repeated. */
function readSome(fd: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS)
    }
  }
}
