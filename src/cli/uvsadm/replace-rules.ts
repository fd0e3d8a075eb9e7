import type { Control, Outcome } from '../../control/protocol/api.js'
import { keepTransaction } from '../keep-transaction.js'
import { ask } from './ask.js'
import { CountedRules, NoRule, StagedRules } from './counted-rules.js'
import { TRY_HELP, CommandLineError } from './failure.js'
import type { Names } from './options/names.js'
import { Restoring, restoreLines } from './restore-lines.js'
import { save } from './commands/save.js'

/* As ipvsadm-restore does it (tried on the real one): all of the input is read, lines that begin with # are dropped, the
 * rules are deleted, and the rest goes to -R: its output, its status. But no input costs the rules that are there:
 * 1. the lines are staged in a transaction: the rules become others at once, and what stays keeps its connections
 * 2. an input that ends -R early, or makes no service, leaves what was there, if anything was; a line says so
 * 3. what cannot be staged (-L, -S, -C and others, whose output can tell) has all of it done in the real one's order; where
 *    2 is to be, what was there is put back */

/** Characters of a line in a message. */
const QUOTED = 100

/** The services become those of the input. */
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
  /** The services are to be what they were. */
  isKept: boolean
}

/** Hands the lines to -R. */
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
  return `line ${line} (${short.replace(/\p{Cc}/gu, '\ufffd')})${allowed}`
}
