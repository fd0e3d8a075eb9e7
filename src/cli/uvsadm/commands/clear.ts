import { change } from '../command.js'

export const clear = change<'flush'>({
  name: 'flush',
  flags: ['-C', '--clear'],
  usage: '-C',
  help: 'delete all virtual services; connections stay',
  needs: [],
  takes: [],
  parse: () => ({ op: 'flush' }),
  refusals: {},
})
