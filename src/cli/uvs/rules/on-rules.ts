import type { Control, Outcome } from '../../../control/protocol/api.js'
import { AS_JSON, CONTROL } from '../../command.js'
import type { Form } from '../../option.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { parsedRules } from './parsed-rules.js'
import { stageRules } from './rules-transaction.js'
import { withDirector } from '../with-director.js'

/** Of `uvs plan` and `uvs apply`. */
export const RULES_FORM: Form = {
  words: [{ value: 'FILE', is: 'file' }],
  options: [AS_JSON, CONTROL],
}

/** Reads the rules of FILE, stages them in a transaction, and lets `act` finish it: its text, or a JSON document. */
export async function onRules(
  command: UvsCommand,
  args: string[],
  act: (control: Control, asJson: boolean) => Promise<string>,
): Promise<number> {
  const given = readOptions(command, args)
  return withDirector(given, async (control): Promise<Outcome> => {
    await stageRules(control, parsedRules(given.words[0]!))
    return { status: 0, out: await act(control, given.has('--json')), err: '' }
  })
}
