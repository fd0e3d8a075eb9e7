import type { ServiceKey } from '../../control/api.js'
import { ask, SERVICE_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { serviceKey } from './targets.js'

export const deleteService: Command<{ service: ServiceKey }> = {
  name: 'delete-service',
  flags: ['-D', '--delete-service'],
  usage: '-D virtual-service',
  help: 'delete a virtual service and its real servers',
  needs: ['service-address'],
  takes: [],
  parse: options => ({ service: serviceKey(options) }),
  async run(control, args) {
    await ask(control, { op: 'delete-service', ...args }, SERVICE_REFUSALS)
    return ''
  },
}
