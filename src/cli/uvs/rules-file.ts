import { closeSync, openSync, readSync } from 'node:fs'
import { UsageError } from '../../director/options.js'

export interface RuleLine {
  words: string[]
  /** 'rules.txt line 3' */
  place: string
}

/** Octets. A million rules take less. */
const LARGEST = 64 * 2 ** 20
const CHUNK = 2 ** 16

/** The lines of a file as `ipvsadm-save -n` writes them, empty ones and # comments left out. It may be a pipe. */
export function readRules(file: string): RuleLine[] {
  return readBounded(file)
    .split('\n')
    .map((line, i) => ({ words: line.trim().split(/\s+/), place: `${file} line ${i + 1}` }))
    .filter(({ words }) => words[0] !== '' && !words[0]!.startsWith('#'))
}

function readBounded(file: string): string {
  let fd: number | undefined
  try {
    fd = openSync(file, 'r')
    const chunks: Buffer[] = []
    let octets = 0
    for (;;) {
      const chunk = Buffer.alloc(CHUNK)
      const count = readSync(fd, chunk)
      if (count === 0) return Buffer.concat(chunks).toString('utf8')
      chunks.push(chunk.subarray(0, count))
      octets += count
      if (octets > LARGEST) throw new UsageError(`--rules: ${file} is larger than ${LARGEST / 2 ** 20} MiB`)
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--rules: cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
