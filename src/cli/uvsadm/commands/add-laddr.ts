import { LOCAL_ADDRESS_REFUSALS } from '../ask.js'
import { change } from '../command.js'
import { localAddressParams } from '../options/targets.js'

export const addLocalAddress = change<'add-local-address'>({
  name: 'add-laddr',
  flags: ['-P', '--add-laddr'],
  usage: '-P -z host virtual-service [-F interface]',
  help: 'give a virtual service a local address, for FULLNAT',
  needs: ['service-address', 'local-address'],
  takes: [],
  parse: options => ({ op: 'add-local-address', ...localAddressParams(options) }),
  refusals: LOCAL_ADDRESS_REFUSALS,
})
