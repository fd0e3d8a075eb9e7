import type { Control } from '../control/protocol/api.js'
import { UsageError } from '../director/options.js'
import { refusalText } from '../cli/uvsadm/ask.js'
import { badLine, parsedLines } from '../cli/uvs/rules/parsed-rules.js'
import { ruleLines } from '../cli/uvs/rules/rules-file.js'
import { splitScript } from '../cli/uvs/rules/script.js'
import { uvsadm as run } from '../cli/uvsadm/run.js'

/**
 * Carries out a text of rules, a line each, as `ipvsadm-save -n` writes them: '-A -t 10.0.0.100:80 -s wrr'. Empty lines and lines that
 * begin with # are left out. UsageError, 'rules line 3: …', for the first line that is wrong or that the director refuses; those before
 * it stay.
 */
export async function applyRules(control: Control, text: string): Promise<void> {
  for await (const rule of parsedLines(ruleLines(text, 'rules'))) {
    const reply = await control.call(rule.request)
    if (!reply.ok) throw badLine(rule, refusalText(reply, rule.refusals))
  }
}

/**
 * Runs one command line of ipvsadm, without the program's name, and returns what ipvsadm prints: `uvsadm(control, '-Ln --stats')`.
 * Quotes are as in a shell. Error with ipvsadm's message if it fails.
 */
export async function uvsadm(control: Control, line: string): Promise<string> {
  const [words = [], more] = splitScript(line)
  if (more) throw new UsageError(`'${line}' is more than one line`)
  const { status, out, err } = await run(words, control)
  if (status !== 0) throw new Error(`uvsadm ${line}: ${err.trim() || `status ${status}`}`)
  return out
}
