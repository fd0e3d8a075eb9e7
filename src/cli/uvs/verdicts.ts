import type { Control, Outcome } from '../../control/protocol/api.js'
import { AS_JSON, CONTROL } from '../command.js'
import { jsonDocument } from '../json.js'
import type { UvsCommand } from './command.js'
import { readOptions } from './options/read-options.js'
import { withDirector } from './with-director.js'

export const verdicts: UvsCommand = {
  name: 'verdicts',
  help: `Shows what became of the frames since the start, every drop by its name: name and count.
drop-device-IF: what the interface lost.`,
  forms: [{ words: [], options: [{ flags: ['--all'], help: 'those of 0 too' }, AS_JSON, CONTROL] }],
  async run(args) {
    const given = readOptions(verdicts, args)
    return withDirector(given, control => showVerdicts(given.has('--all'), control, given.has('--json')))
  },
}

export async function showVerdicts(all: boolean, control: Control, json = false): Promise<Outcome> {
  const reply = await control.call({ op: 'verdicts' })
  if (!reply.ok) throw new Error(reply.message)
  const shown = Object.entries(reply.value)
    .filter(([, count]) => all || count !== 0)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  return { status: 0, out: json ? jsonDocument('verdicts', Object.fromEntries(shown)) : table(shown), err: '' }
}

function table(shown: readonly [name: string, count: number][]): string {
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown.map(([name, count]) => `${name.padEnd(width)} ${count}\n`).join('')
}
