import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RecordedCase } from './recorded-host.js'

const FIXTURES = fileURLToPath(new URL('../../../../test/fixtures/keepalived/', import.meta.url))
/** keepalived's own samples are not the project's: they are read where its package is installed. */
const SAMPLES = '/usr/share/doc/keepalived/samples'

/** What the real `keepalived -t` said, each line of its output once. The samples among them are left out where they are not installed. */
export function recordedCases(): RecordedCase[] {
  const cases = ['configs.jsonl', 'more-configs.jsonl'].flatMap(linesOf<RecordedCase & { sample?: string }>)
  return cases.flatMap(({ sample, ...recorded }) => {
    if (sample === undefined) return [recorded]
    const path = join(SAMPLES, sample)
    return existsSync(path) ? [{ ...recorded, text: readFileSync(path, 'utf8') }] : []
  })
}

/** What a start of keepalived printed of a case (-d), beside a plain instance's: lines that only it has, lines that only the plain one has. */
export interface ParsedCase {
  readonly name: string
  readonly started?: false
  readonly has?: readonly string[]
  readonly lacks?: readonly string[]
}

export function parsedCases(): ParsedCase[] {
  return linesOf<ParsedCase>('parsed.jsonl')
}

/** A line of virtual_routes or virtual_rules: the status that `keepalived -t` has for it, and what it says of it. */
export type RecordedLine = readonly [block: string, line: string, status: number, ...said: string[]]

export function recordedLines(): RecordedLine[] {
  return linesOf<RecordedLine>('route-lines.jsonl')
}

function linesOf<T>(file: string): T[] {
  return readFileSync(join(FIXTURES, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as T)
}

/** A line of keepalived's output: `(FILE: Line N) text`, `(Line N) text`, or text alone. */
export interface RecordedMessage {
  readonly line?: number
  readonly text: string
}

export function messagesOf(output: string): RecordedMessage[] {
  return output
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [, number, text] = /^\((?:\S+: )?Line (\d+)\) ([^]*)$/.exec(line) ?? []
      return number === undefined ? { text: line } : { line: Number(number), text: text! }
    })
}
