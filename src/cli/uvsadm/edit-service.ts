import type { ServiceKey, ServiceSettings } from '../../control/api.js'
import { ask, SERVICE_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { newServiceKey } from './targets.js'

export const editService: Command<{ service: ServiceKey; settings: ServiceSettings }> = {
  name: 'edit-service',
  flags: ['-E', '--edit-service'],
  usage: '-E -t|-u host:port [-s scheduler]',
  help: 'change a virtual service; what is not given is reset (scheduler wlc)',
  needs: ['service-address'],
  takes: ['scheduler'],
  parse: options => ({ service: newServiceKey(options), settings: { scheduler: options.scheduler || 'wlc' } }),
  async run(control, args) {
    await ask(control, { op: 'edit-service', ...args }, SERVICE_REFUSALS)
    return ''
  },
}
