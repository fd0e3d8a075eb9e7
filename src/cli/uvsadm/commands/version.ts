import { packageVersion } from '../../../package-version.js'
import type { Command } from '../command.js'

export const version: Command<object> = {
  name: 'version',
  flags: ['-v', '--version'],
  usage: '-v',
  help: 'its version, and that of the ipvsadm whose arguments and output these are',
  needs: [],
  takes: [],
  immediate: true,
  parse: () => ({}),
  run: async () => `uvsadm v${packageVersion()}, as ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n`,
}
