import type { Control, Outcome } from '../../../control/protocol/api.js'
import { CONTROL } from '../../command.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { withDirector } from '../with-director.js'

export const dashboard: UvsCommand = {
  name: 'dashboard',
  help: `Prints a link that logs a browser in to the dashboard, once, within two minutes.
The director must have been started with --http PORT --http-admin socket. The browser that opens the link may change rules until it is locked there, has not been used for two hours, or for twelve.`,
  forms: [{ words: [{ value: 'login', choices: ['login'] }], options: [CONTROL] }],
  async run(args) {
    return withDirector(readOptions(dashboard, args), login)
  },
}

export async function login(control: Control): Promise<Outcome> {
  const reply = await control.call<'dashboard-login'>({ op: 'dashboard-login' })
  if (!reply.ok) throw new Error(reply.message)
  const { url, code, seconds } = reply.value
  const lines = [
    url,
    `good once, for ${seconds / 60} minutes; where the dashboard has another address, Unlock takes the code: ${code}`,
  ]
  return { status: 0, out: `${lines.join('\n')}\n`, err: '' }
}
