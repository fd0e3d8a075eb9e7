import { closeSync, openSync, readSync } from 'node:fs'
import { UsageError } from '../../director/options.js'

export interface RuleLine {
  words: string[]
  /** From 1 on. */
  line: number
  /** 'rules.txt line 3' */
  place: string
}

/** Octets. A million rules take less. */
const LARGEST = 64 * 2 ** 20
const CHUNK = 2 ** 16
/** Characters of a line: names of hosts and all. */
export const LINE_MAX = 4096
const STDIN = 0
const AGAIN_MS = 10

/**
 * The lines of a file as `ipvsadm-save -n` writes them, empty ones and # comments left out. It may be a pipe; `-` is
 * standard input. `option`: by which it was named, for the UsageError where it cannot be read or has a line of no end.
 */
export function* readRules(file: string, option = '--rules: '): Generator<RuleLine, void> {
  const text = readBounded(file, option)
  let line = 0
  for (let at = 0, end = 0; end >= 0; at = end + 1) {
    end = text.indexOf('\n', at)
    line++
    const rule = text.slice(at, end < 0 ? text.length : end).trim()
    if (rule === '' || rule.startsWith('#')) continue
    const place = `${file} line ${line}`
    if (rule.length > LINE_MAX) throw new UsageError(`${option}${place} is longer than ${LINE_MAX} characters`)
    yield { words: rule.split(/\s+/), line, place }
  }
}

function readBounded(file: string, option: string): string {
  let fd: number | undefined
  try {
    fd = file === '-' ? STDIN : openSync(file, 'r')
    const chunks: Buffer[] = []
    let octets = 0
    for (;;) {
      const chunk = Buffer.alloc(CHUNK)
      const count = readSome(fd, chunk)
      if (count === 0) return Buffer.concat(chunks).toString('utf8')
      chunks.push(chunk.subarray(0, count))
      octets += count
      if (octets > LARGEST) throw new UsageError(`${option}${file} is larger than ${LARGEST / 2 ** 20} MiB`)
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${option}cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`)
  } finally {
    if (fd !== undefined && fd !== STDIN) closeSync(fd)
  }
}

/** Standard input may be one that does not block: then it is asked again. */
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
