import { ask } from './ask.js'
import type { Command } from './command.js'

export const clear: Command<object> = {
  name: 'flush',
  flags: ['-C', '--clear'],
  usage: '-C',
  help: 'delete all virtual services; connections stay',
  needs: [],
  takes: [],
  parse: () => ({}),
  async run(control) {
    await ask(control, { op: 'flush' }, {})
    return ''
  },
}
