import { SERVICE_REFUSALS } from '../ask.js'
import { change } from '../command.js'
import { serviceKey } from '../options/targets.js'

export const deleteService = change<'delete-service'>({
  name: 'delete-service',
  flags: ['-D', '--delete-service'],
  usage: '-D virtual-service',
  help: 'delete a virtual service and its real servers',
  needs: ['service-address'],
  takes: [],
  parse: options => ({ op: 'delete-service', service: serviceKey(options) }),
  refusals: SERVICE_REFUSALS,
})
