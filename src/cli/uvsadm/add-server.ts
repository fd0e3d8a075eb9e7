import type { DestinationParams } from '../../control/api.js'
import { ask, DESTINATION_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { destinationParams, SERVER_OPTIONS } from './targets.js'

export const addServer: Command<DestinationParams> = {
  name: 'add-server',
  flags: ['-a', '--add-server'],
  usage: '-a virtual-service -r host[:port] [-g|-i [tunnel]|-m|-b] [-w weight] [-x upper] [-y lower]',
  help: 'add a real server to a virtual service',
  needs: ['service-address', 'real-server'],
  takes: SERVER_OPTIONS,
  parse: destinationParams,
  async run(control, args) {
    await ask(control, { op: 'add-destination', ...args }, DESTINATION_REFUSALS)
    return ''
  },
}
