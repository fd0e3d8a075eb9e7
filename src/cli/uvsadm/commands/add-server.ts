import { DESTINATION_REFUSALS } from '../ask.js'
import { change } from '../command.js'
import { destinationParams, SERVER_OPTIONS } from '../options/targets.js'

export const addServer = change<'add-destination'>({
  name: 'add-server',
  flags: ['-a', '--add-server'],
  usage: '-a virtual-service -r host[:port] [-g|-i [tunnel]|-m|-b] [-w weight] [-x upper] [-y lower]',
  help: 'add a real server to a virtual service',
  needs: ['service-address', 'real-server'],
  takes: SERVER_OPTIONS,
  parse: options => ({ op: 'add-destination', ...destinationParams(options) }),
  refusals: DESTINATION_REFUSALS,
})
