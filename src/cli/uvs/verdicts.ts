import type { Control, Outcome } from '../../control/api.js'
import { connectControl, Unreachable } from '../../control/client.js'
import { print, takeControl } from '../command.js'
import { jsonDocument } from '../json.js'
import type { UvsCommand } from './command.js'

export const verdicts: UvsCommand = {
  name: 'verdicts',
  usage: 'verdicts [--all] [--json] [--control PATH]',
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
  const wrong = args.find(arg => arg !== '--all' && arg !== '--json')
  if (wrong !== undefined)
    return { status: 2, out: '', err: `uvs verdicts: '${wrong}': the options are --all, --json and --control PATH\n` }
  try {
    const reply = await control.call({ op: 'verdicts' })
    if (!reply.ok) return { status: 1, out: '', err: `uvs verdicts: ${reply.message}\n` }
    const names = Object.keys(reply.value)
      .filter(name => args.includes('--all') || reply.value[name] !== 0)
      .toSorted()
    const shown = names.map(name => [name, reply.value[name]!] as const)
    return {
      status: 0,
      out: args.includes('--json') ? jsonDocument('verdicts', Object.fromEntries(shown)) : table(shown),
      err: '',
    }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return { status: 1, out: '', err: `uvs verdicts: ${error.message}\n` }
  }
}

function table(shown: readonly (readonly [name: string, count: number])[]): string {
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown.map(([name, count]) => `${name.padEnd(width)} ${count}\n`).join('')
}
