import { SERVICE_REFUSALS } from '../ask.js'
import { change } from '../command.js'
import { newServiceKey, SERVICE_CONFLICTS, SERVICE_OPTIONS, serviceSettings } from '../options/targets.js'

export const editService = change<'edit-service'>({
  name: 'edit-service',
  flags: ['-E', '--edit-service'],
  usage: '-E virtual-service [-s scheduler [-b flags]] [-p [seconds]] [-M mask] [-o] [--toa|--proxy-protocol v1|v2]',
  help: 'change a virtual service; what is not given is reset (wlc, not persistent)',
  needs: ['service-address'],
  takes: SERVICE_OPTIONS,
  conflicts: SERVICE_CONFLICTS,
  parse: options => ({ op: 'edit-service', service: newServiceKey(options), settings: serviceSettings(options) }),
  refusals: SERVICE_REFUSALS,
})
