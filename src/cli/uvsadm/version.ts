import type { Command } from './command.js'

export const version: Command<object> = {
  name: 'version',
  flags: ['-v', '--version'],
  usage: '-v',
  help: 'the ipvsadm whose arguments and output these are',
  needs: [],
  takes: [],
  immediate: true,
  parse: () => ({}),
  run: async () => 'ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n',
}
