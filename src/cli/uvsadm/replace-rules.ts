import type { Control, Outcome } from '../../control/protocol/api.js'
import { printable } from '../../control/protocol/printable.js'
import { keepTransaction } from '../keep-transaction.js'
import { ask } from './ask.js'
import { CountedRules, NoRule, StagedRules } from './counted-rules.js'
import { TRY_HELP, CommandLineError } from './failure.js'
import type { Names } from './options/names.js'
import { Restoring, restoreLines } from './restore-lines.js'
import { save } from './commands/save.js'

/* ipvsadm-restore (tried on the real one) reads all of the input, drops lines that begin with #, deletes the
 * rules, and gives the rest to -R, whose output and status it has. uvs differs, so that bad input never loses the rules:
 * 1. the lines are staged in a transaction: all rules change at once, and unchanged ones keep their connections
 * 2. if the input ends -R early, or makes no service, the earlier rules stay, if there were any; a line says so
 * 3. if a line cannot be staged (-L, -S, -C and others with visible effects), all lines run in the real one's order; in
 *   case 2, the earlier rules are restored */

/** The most characters of a line quoted in a message. */
const QUOTED = 100

/** Replaces all services by those of the input. */
export async function replaceRules(input: string, control: Control, names: Names): Promise<Outcome> {
  const before = (await save.run(control, { numeric: true }, names)) as string
  await ask(control, { op: 'begin' }, {})
  const letGo = keepTransaction(control)
  try {
    const { outcome, isKept } = await carryOut(input, new StagedRules(control), before, names)
    if (!isKept) await ask(control, { op: 'commit' }, {})
    return outcome
  } catch (error) {
    if (error instanceof NoRule) return await replaceInTurn(input, control, before, names)
    throw error
  } finally {
    letGo()
  }
}

async function replaceInTurn(input: string, control: Control, before: string, names: Names): Promise<Outcome> {
  await ask(control, { op: 'flush' }, {})
  const { outcome, isKept } = await carryOut(input, new CountedRules(control), before, names)
  if (!isKept) return outcome
  await ask(control, { op: 'flush' }, {})
  const { err } = await restoreLines([before], control, names)
  return { ...outcome, err: outcome.err + err }
}

interface CarriedOut {
  outcome: Outcome
  /** Whether the earlier services must stay. */
  isKept: boolean
}

/** Runs the lines as -R does. */
async function carryOut(input: string, control: CountedRules, before: string, names: Names): Promise<CarriedOut> {
  const restoring = new Restoring(control, names)
  const { outcome } = restoring
  let line = 0
  try {
    for (const text of input.split('\n')) {
      line++
      if (!text.startsWith('#')) await restoring.line(text)
    }
    await restoring.flush()
  } catch (error) {
    restoring.end(error)
    if (outcome.status !== 0) return told(outcome, whyEnded(error, line, input), before)
  }
  if (control.added > 0 || control.isDeleting || before === '') return { outcome, isKept: false }
  outcome.status ||= 1
  return told(outcome, 'no line adds a service (uvsadm -C deletes all)', before)
}

function told(outcome: Outcome, why: string, before: string): CarriedOut {
  const isKept = before !== ''
  outcome.err += `uvsadm-restore: ${why}: ${isKept ? 'the rules are as before' : 'the rules are those above it'}\n`
  return { outcome, isKept }
}

function whyEnded(error: unknown, line: number, input: string): string {
  const text = (input.split('\n')[line - 1] ?? '').trim()
  const short = text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text
  const isNoCommand = error instanceof CommandLineError && error.message === TRY_HELP
  const allowed = isNoCommand ? ` does not begin with a command (-A -a -E -e -D -d --add-laddr)` : ''
  return `line ${line} (${printable(short)})${allowed}`
}
