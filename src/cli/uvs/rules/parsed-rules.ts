import { isRuleChange, type RuleChange } from '../../../control/protocol/api.js'
import { UsageError } from '../../../director/options.js'
import type { RefusalTexts } from '../../uvsadm/ask.js'
import { TRY_HELP, CommandLineError as RuleError } from '../../uvsadm/failure.js'
import { systemNames } from '../../uvsadm/options/names.js'
import { parseRule } from '../../uvsadm/run.js'
import { readRules, type RuleLine } from './rules-file.js'

/** What a line of a rules file asks for. */
export interface Rule extends RuleLine {
  request: RuleChange
  /** ipvsadm's texts for its refusals. */
  refusals: RefusalTexts
}

/** Characters of a line in a message. */
const QUOTED = 100

/** The rules of a file, one by one; `-` is standard input. UsageError for the first line that is none. */
export async function* parsedRules(file: string): AsyncGenerator<Rule, void> {
  const names = systemNames()
  for (const line of readRules(file, '')) {
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

/** What is wrong with a line, and the line: one of its words is what is meant. */
export function badLine({ place, words }: RuleLine, what: string): UsageError {
  return new UsageError(`${place}: ${printable(what)} (${shown(words.join(' '))})`)
}

function shown(text: string): string {
  return printable(text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text)
}
/** A terminal would obey control characters. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd')
}
