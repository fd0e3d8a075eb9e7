import { closeSync, openSync, readSync } from 'node:fs'
import { isRuleChange, type RuleChange } from '../../control/api.js'
import { UsageError } from '../../director/options.js'
import type { RefusalTexts } from '../uvsadm/ask.js'
import { UsageError as RuleError } from '../uvsadm/failure.js'
import { systemNames } from '../uvsadm/names.js'
import { parseRule } from '../uvsadm/run.js'

export interface RuleLine {
  words: string[]
  /** 'rules.txt line 3' */
  place: string
}

/** What a line of a rules file asks for. */
export interface Rule extends RuleLine {
  request: RuleChange
  /** ipvsadm's texts for its refusals. */
  refusals: RefusalTexts
}

/** Octets. A million rules take less. */
const LARGEST = 64 * 2 ** 20
const CHUNK = 2 ** 16
/** Characters of a line in a message. */
const QUOTED = 100
const EAGAIN_MS = 10
/** File descriptor of standard input. */
const STDIN = 0

/**
 * The rules of a file as `ipvsadm-save -n` writes it, one by one; `-` is standard input. UsageError for the first line that is
 * none.
 */
export async function* readRules(file: string): AsyncGenerator<Rule, void> {
  const names = systemNames()
  for (const line of readRuleLines(file)) {
    try {
      const { request, refusals } = await parseRule(line.words, names)
      if (!isRuleChange(request)) throw new RuleError(`'${line.words[0]}' is no rule: -A -a -E -e -D -d --add-laddr`)
      yield { ...line, request, refusals }
    } catch (error) {
      if (error instanceof RuleError) throw badLine(line, error.message)
      throw error
    }
  }
}

/** What is wrong with a line, and the line: one of its words is what is meant. */
export function badLine({ place, words }: RuleLine, what: string): UsageError {
  const line = words.join(' ')
  return new UsageError(`${place}: ${what} (${line.length > QUOTED ? `${line.slice(0, QUOTED)}…` : line})`)
}

/** The lines of a file, empty ones and # comments left out. It may be a pipe. */
export function readRuleLines(file: string): RuleLine[] {
  return readBounded(file)
    .split('\n')
    .map((line, i) => ({ words: line.trim().split(/\s+/), place: `${file} line ${i + 1}` }))
    .filter(({ words }) => words[0] !== '' && !words[0]!.startsWith('#'))
}

/** Standard input may be a pipe that does not wait for its writer. */
function readChunk(fd: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EAGAIN_MS)
    }
  }
}

function readBounded(file: string): string {
  let fd: number | undefined
  try {
    fd = file === '-' ? STDIN : openSync(file, 'r')
    const chunks: Buffer[] = []
    let octets = 0
    for (;;) {
      const chunk = Buffer.alloc(CHUNK)
      const count = readChunk(fd, chunk)
      if (count === 0) return Buffer.concat(chunks).toString('utf8')
      chunks.push(chunk.subarray(0, count))
      octets += count
      if (octets > LARGEST) throw new UsageError(`${file} is larger than ${LARGEST / 2 ** 20} MiB`)
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`)
  } finally {
    if (fd !== undefined && fd !== STDIN) closeSync(fd)
  }
}
