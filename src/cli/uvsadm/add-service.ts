import type { ServiceKey, ServiceSettings } from '../../control/api.js'
import { ask, SERVICE_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { newServiceKey } from './targets.js'

export const addService: Command<{ service: ServiceKey; settings: ServiceSettings }> = {
  name: 'add-service',
  flags: ['-A', '--add-service'],
  usage: '-A -t|-u host:port [-s scheduler]',
  help: 'add a virtual service',
  needs: ['service-address'],
  takes: ['scheduler'],
  parse: options => ({ service: newServiceKey(options), settings: { scheduler: options.scheduler || 'wlc' } }),
  async run(control, args) {
    await ask(control, { op: 'add-service', ...args }, SERVICE_REFUSALS)
    return ''
  },
}
