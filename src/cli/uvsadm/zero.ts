import type { ServiceKey } from '../../control/api.js'
import { ask, SERVICE_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { serviceKey } from './targets.js'

export const zero: Command<{ service?: ServiceKey }> = {
  name: 'zero',
  flags: ['-Z', '--zero'],
  usage: '-Z [virtual-service]',
  help: 'set the counters of one or all virtual services to zero',
  needs: [],
  takes: ['service-address'],
  parse: options => (options['service-address'] ? { service: serviceKey(options) } : {}),
  async run(control, args) {
    await ask(control, { op: 'zero', ...args }, SERVICE_REFUSALS)
    return ''
  },
}
