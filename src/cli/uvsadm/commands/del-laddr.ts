import { LOCAL_ADDRESS_REFUSALS } from '../ask.js'
import { change } from '../command.js'
import { localAddressParams } from '../options/targets.js'

export const deleteLocalAddress = change<'delete-local-address'>({
  name: 'del-laddr',
  flags: ['-Q', '--del-laddr'],
  usage: '-Q -z host virtual-service [-F interface]',
  help: 'take a local address away; its connections stay',
  needs: ['service-address', 'local-address'],
  takes: [],
  parse: options => ({ op: 'delete-local-address', ...localAddressParams(options) }),
  refusals: LOCAL_ADDRESS_REFUSALS,
})
