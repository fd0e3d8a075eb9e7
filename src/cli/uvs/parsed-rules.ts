import { isRuleChange, type RuleChange } from '../../control/api.js'
import { UsageError } from '../../director/options.js'
import type { RefusalTexts } from '../uvsadm/ask.js'
import { UsageError as RuleError } from '../uvsadm/failure.js'
import { systemNames } from '../uvsadm/names.js'
import { parseRule } from '../uvsadm/run.js'
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
    try {
      const { request, command } = await parseRule(line.words, names)
      if (!isRuleChange(request)) throw new RuleError(`'${line.words[0]}' is no rule: -A -a -E -e -D -d --add-laddr`)
      yield { ...line, request, refusals: command.refusals }
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
