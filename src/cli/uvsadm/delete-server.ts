import type { DestinationKey, ServiceKey } from '../../control/api.js'
import { ask, DESTINATION_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { destinationKey, serviceKey } from './targets.js'

export const deleteServer: Command<{ service: ServiceKey; destination: DestinationKey }> = {
  name: 'delete-server',
  flags: ['-d', '--delete-server'],
  usage: '-d virtual-service -r host[:port]',
  help: 'take a real server out of a virtual service',
  needs: ['service-address', 'real-server'],
  takes: [],
  parse: options => ({ service: serviceKey(options), destination: destinationKey(options) }),
  async run(control, args) {
    await ask(control, { op: 'delete-destination', ...args }, DESTINATION_REFUSALS)
    return ''
  },
}
