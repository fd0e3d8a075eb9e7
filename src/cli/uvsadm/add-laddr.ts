import type { ServiceKey } from '../../control/api.js'
import { ask, LOCAL_ADDRESS_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { localAddressParams } from './targets.js'

export const addLocalAddress: Command<{ service: ServiceKey; address: string }> = {
  name: 'add-laddr',
  flags: ['--add-laddr'],
  usage: '--add-laddr -z host virtual-service',
  help: 'give a virtual service a local address, for FULLNAT',
  needs: ['service-address', 'local-address'],
  takes: [],
  parse: localAddressParams,
  async run(control, args) {
    await ask(control, { op: 'add-local-address', ...args }, LOCAL_ADDRESS_REFUSALS)
    return ''
  },
}
