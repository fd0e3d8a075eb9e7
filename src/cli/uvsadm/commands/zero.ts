import { SERVICE_REFUSALS } from '../ask.js'
import { change } from '../command.js'
import { serviceKey } from '../options/targets.js'

export const zero = change<'zero'>({
  name: 'zero',
  flags: ['-Z', '--zero'],
  usage: '-Z [virtual-service]',
  help: 'set the counters of one or all virtual services to zero',
  needs: [],
  takes: ['service-address'],
  parse: options => ({ op: 'zero', ...(options['service-address'] && { service: serviceKey(options) }) }),
  refusals: SERVICE_REFUSALS,
})
