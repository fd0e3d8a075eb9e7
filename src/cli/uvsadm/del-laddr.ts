import type { ServiceKey } from '../../control/api.js'
import { ask, LOCAL_ADDRESS_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { localAddressParams } from './targets.js'

export const deleteLocalAddress: Command<{ service: ServiceKey; address: string }> = {
  name: 'del-laddr',
  flags: ['--del-laddr'],
  usage: '--del-laddr -z host virtual-service',
  help: 'take a local address away; its connections stay',
  needs: ['service-address', 'local-address'],
  takes: [],
  parse: localAddressParams,
  async run(control, args) {
    await ask(control, { op: 'delete-local-address', ...args }, LOCAL_ADDRESS_REFUSALS)
    return ''
  },
}
