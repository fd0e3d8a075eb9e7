import type { Control, Outcome } from '../../control/protocol/api.js'
import { CONTROL } from '../command.js'
import type { UvsCommand } from './command.js'
import { readOptions } from './options/read-options.js'
import { withDirector } from './with-director.js'

export const reset: UvsCommand = {
  name: 'reset',
  help: 'Forgets services, connections and counters, as if freshly started.',
  forms: [{ words: [], options: [CONTROL] }],
  async run(args) {
    return withDirector(readOptions(reset, args), resetDirector)
  },
}

export async function resetDirector(control: Control): Promise<Outcome> {
  const reply = await control.call({ op: 'reset' })
  if (!reply.ok) throw new Error(reply.message)
  return { status: 0, out: '', err: '' }
}
