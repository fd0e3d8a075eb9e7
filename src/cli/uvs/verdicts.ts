import type { Control, Outcome } from '../../control/api.js'
import { CONTROL } from '../command.js'
import type { UvsCommand } from './command.js'
import { readOptions } from './read-options.js'
import { withDirector } from './with-director.js'

export const verdicts: UvsCommand = {
  name: 'verdicts',
  help: `Shows what became of the frames since the start, every drop by its name: name and count.
drop-device-IF: what the interface lost.`,
  forms: [{ words: [], options: [{ flags: ['--all'], help: 'those of 0 too' }, CONTROL] }],
  async run(args) {
    const given = readOptions(verdicts, args)
    return withDirector(given, control => showVerdicts(given.has('--all'), control))
  },
}

export async function showVerdicts(all: boolean, control: Control): Promise<Outcome> {
  const reply = await control.call({ op: 'verdicts' })
  if (!reply.ok) throw new Error(reply.message)
  return { status: 0, out: table(reply.value, all), err: '' }
}

function table(byName: Record<string, number>, all: boolean): string {
  const names = Object.keys(byName)
    .filter(name => all || byName[name] !== 0)
    .toSorted()
  const width = Math.max(...names.map(name => name.length))
  return names.map(name => `${name.padEnd(width)} ${byName[name]}\n`).join('')
}
