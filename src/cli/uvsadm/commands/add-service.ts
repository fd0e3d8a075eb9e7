import { SERVICE_REFUSALS } from '../ask.js'
import { change } from '../command.js'
import { newServiceKey, SERVICE_CONFLICTS, SERVICE_OPTIONS, serviceSettings } from '../options/targets.js'

export const addService = change<'add-service'>({
  name: 'add-service',
  flags: ['-A', '--add-service'],
  usage: '-A virtual-service [-s scheduler [-b flags]] [-p [seconds]] [-M mask] [-o] [--toa|--proxy-protocol v1|v2]',
  help: 'add a virtual service',
  needs: ['service-address'],
  takes: SERVICE_OPTIONS,
  conflicts: SERVICE_CONFLICTS,
  parse: options => ({ op: 'add-service', service: newServiceKey(options), settings: serviceSettings(options) }),
  refusals: SERVICE_REFUSALS,
})
