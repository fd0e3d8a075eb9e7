import type { Control, Outcome } from '../../control/api.js'
import { connectControl, Unreachable } from '../../control/client.js'
import { print, takeControl } from '../command.js'
import type { UvsCommand } from './command.js'

export const reset: UvsCommand = {
  name: 'reset',
  usage: 'reset [--control PATH]',
  help: 'forget services, connections and counters, as if freshly started',
  async run(args) {
    const { path, rest } = takeControl(args)
    if (path === undefined || rest.length > 0) return print({ status: 2, out: '', err: `usage: uvs ${reset.usage}\n` })
    const control = connectControl(path)
    const outcome = await resetDirector(control)
    control.close()
    return print(outcome)
  },
}

export async function resetDirector(control: Control): Promise<Outcome> {
  try {
    const reply = await control.call({ op: 'reset' })
    return reply.ok ? { status: 0, out: '', err: '' } : { status: 1, out: '', err: `${reply.message}\n` }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return { status: 1, out: '', err: `${error.message}\n` }
  }
}
