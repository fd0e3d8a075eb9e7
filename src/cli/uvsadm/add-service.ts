import type { ServiceKey, ServiceSettings } from '../../control/api.js'
import { ask, SERVICE_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { newServiceKey, SERVICE_CONFLICTS, SERVICE_OPTIONS, serviceSettings } from './targets.js'

export const addService: Command<{ service: ServiceKey; settings: ServiceSettings }> = {
  name: 'add-service',
  flags: ['-A', '--add-service'],
  usage: '-A virtual-service [-s scheduler [-b flags]] [-p [seconds]] [-M mask] [-o] [--toa|--proxy-protocol v1|v2]',
  help: 'add a virtual service',
  needs: ['service-address'],
  takes: SERVICE_OPTIONS,
  conflicts: SERVICE_CONFLICTS,
  parse: options => ({ service: newServiceKey(options), settings: serviceSettings(options) }),
  async run(control, args) {
    await ask(control, { op: 'add-service', ...args }, SERVICE_REFUSALS)
    return ''
  },
}
