import type { Control, Outcome } from '../../control/api.js'
import { connectControl, Unreachable } from '../../control/client.js'
import { print, takeControl } from '../command.js'
import type { UvsCommand } from './command.js'

export const verdicts: UvsCommand = {
  name: 'verdicts',
  usage: 'verdicts [--all] [--control PATH]',
  help: `what became of the frames since the start, every drop by its name: name and count, those of 0 only with --all;
drop-device-IF: what the interface lost`,
  async run(args) {
    const { path, rest } = takeControl(args)
    if (path === undefined) return print({ status: 2, out: '', err: `usage: uvs ${verdicts.usage}\n` })
    const control = connectControl(path)
    const outcome = await showVerdicts(rest, control)
    control.close()
    return print(outcome)
  },
}

/** `uvs verdicts` with its arguments (--control taken out). */
export async function showVerdicts(args: readonly string[], control: Control): Promise<Outcome> {
  const wrong = args.find(arg => arg !== '--all')
  if (wrong !== undefined)
    return { status: 2, out: '', err: `uvs verdicts: '${wrong}': the options are --all and --control PATH\n` }
  try {
    const reply = await control.call({ op: 'verdicts' })
    if (!reply.ok) return { status: 1, out: '', err: `uvs verdicts: ${reply.message}\n` }
    return { status: 0, out: table(reply.value, args.length > 0), err: '' }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return { status: 1, out: '', err: `uvs verdicts: ${error.message}\n` }
  }
}

function table(byName: Record<string, number>, all: boolean): string {
  const names = Object.keys(byName)
    .filter(name => all || byName[name] !== 0)
    .toSorted()
  const width = Math.max(...names.map(name => name.length))
  return names.map(name => `${name.padEnd(width)} ${byName[name]}\n`).join('')
}
