import { DESTINATION_REFUSALS } from '../ask.js'
import { change } from '../command.js'
import { destinationKey, serviceKey } from '../options/targets.js'

export const deleteServer = change<'delete-destination'>({
  name: 'delete-server',
  flags: ['-d', '--delete-server'],
  usage: '-d virtual-service -r host[:port]',
  help: 'take a real server out of a virtual service',
  needs: ['service-address', 'real-server'],
  takes: [],
  parse: options => ({ op: 'delete-destination', service: serviceKey(options), destination: destinationKey(options) }),
  refusals: DESTINATION_REFUSALS,
})
