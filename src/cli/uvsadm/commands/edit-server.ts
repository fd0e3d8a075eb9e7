import { DESTINATION_REFUSALS } from '../ask.js'
import { change } from '../command.js'
import { destinationParams, SERVER_OPTIONS } from '../options/targets.js'

export const editServer = change<'edit-destination'>({
  name: 'edit-server',
  flags: ['-e', '--edit-server'],
  usage: '-e virtual-service -r host[:port] [-g|-i [tunnel]|-m|-b] [-w weight] [-x upper] [-y lower]',
  help: 'change a real server; what is not given is reset (-g, weight 1, no thresholds)',
  needs: ['service-address', 'real-server'],
  takes: SERVER_OPTIONS,
  parse: options => ({ op: 'edit-destination', ...destinationParams(options) }),
  refusals: DESTINATION_REFUSALS,
})
