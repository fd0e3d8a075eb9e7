import { isRuleChange, type RuleChange } from '../../../control/protocol/api.js'
import { printable } from '../../../control/protocol/printable.js'
import { UsageError } from '../../../director/options.js'
import type { RefusalTexts } from '../../uvsadm/ask.js'
import { TRY_HELP, CommandLineError as RuleError } from '../../uvsadm/failure.js'
import { systemNames } from '../../uvsadm/options/names.js'
import { parseRule } from '../../uvsadm/run.js'
import { readRules, type RuleLine } from './rules-file.js'

/** A parsed line of a rules file. */
export interface Rule extends RuleLine {
  request: RuleChange
  /** ipvsadm's messages for the director's refusals. */
  refusals: RefusalTexts
}

/** The most characters of a line quoted in a message. */
const QUOTED = 100

/** Parses a file's rules, one by one; `-` is standard input. UsageError for the first invalid line. */
export function parsedRules(file: string): AsyncGenerator<Rule, void> {
  return parsedLines(readRules(file, ''))
}

/** The same of lines that have been read. */
export async function* parsedLines(lines: Iterable<RuleLine>, names = systemNames()): AsyncGenerator<Rule, void> {
  for (const line of lines) {
    const [first = ''] = line.words
    const noRule = `'${shown(first)}' is no rule: -A -a -E -e -D -d --add-laddr`
    if (!first.startsWith('-')) throw badLine(line, noRule)
    try {
      const { request, command } = await parseRule(line.words, names)
      if (!isRuleChange(request)) throw new RuleError(noRule)
      yield { ...line, request, refusals: command.refusals }
    } catch (error) {
      if (error instanceof RuleError && error.message === TRY_HELP) throw badLine(line, noRule)
      if (error instanceof RuleError) throw badLine(line, error.message)
      throw error
    }
  }
}

/** The error in a line, and the line itself, so that the user sees which word is wrong. */
export function badLine({ place, words }: RuleLine, what: string): UsageError {
  return new UsageError(`${place}: ${printable(what)} (${shown(words.join(' '))})`)
}

function shown(text: string): string {
  return printable(text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text)
}
