import { UsageError } from '../../../director/options.js'
import { readText, Unreadable } from '../../read-text.js'

export interface RuleLine {
  words: string[]
  /** From 1 on. */
  line: number
  /** 'rules.txt line 3' */
  place: string
}

/** Characters of a line: names of hosts and all. */
export const LINE_MAX = 4096

/**
 * Reads the lines of a file in the form of `ipvsadm-save -n`, without empty ones and # comments. It may be a pipe; `-` is
 * standard input. `option`: the option that named the file, for the UsageError if it cannot be read or a line is too long.
 */
export function* readRules(file: string, option = '--rules: '): Generator<RuleLine, void> {
  yield* ruleLines(textOf(file, option), file, option)
}

/** The same of a text that has been read. `name`: of what it is the text, for messages. */
export function* ruleLines(text: string, name: string, option = ''): Generator<RuleLine, void> {
  let line = 0
  for (let at = 0, end = 0; end >= 0; at = end + 1) {
    end = text.indexOf('\n', at)
    line++
    const rule = text.slice(at, end < 0 ? text.length : end).trim()
    if (rule === '' || rule.startsWith('#')) continue
    const place = `${name} line ${line}`
    if (rule.length > LINE_MAX) throw new UsageError(`${option}${place} is longer than ${LINE_MAX} characters`)
    yield { words: rule.split(/\s+/), line, place }
  }
}

/** Reads a file. UsageError, after `option`, if it cannot be read. */
export function textOf(file: string, option: string): string {
  try {
    return readText(file)
  } catch (error) {
    if (error instanceof Unreadable) throw new UsageError(`${option}${error.message}`)
    throw error
  }
}
