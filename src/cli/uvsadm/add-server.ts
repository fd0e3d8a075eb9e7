import type { DestinationParams } from '../../control/api.js'
import { ask, DESTINATION_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { destinationParams } from './targets.js'

export const addServer: Command<DestinationParams> = {
  name: 'add-server',
  flags: ['-a', '--add-server'],
  usage: '-a virtual-service -r host[:port] -m [-w weight] [-x upper] [-y lower]',
  help: 'add a real server to a virtual service',
  needs: ['service-address', 'real-server'],
  takes: ['forwarding-method', 'weight', 'u-threshold', 'l-threshold'],
  parse: destinationParams,
  async run(control, args) {
    await ask(control, { op: 'add-destination', ...args }, DESTINATION_REFUSALS)
    return ''
  },
}
