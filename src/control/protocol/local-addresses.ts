import { address } from './check.js'
import { service } from './service-key.js'
import { takes } from './shape.js'

/** A local address (LIP) of a service, for FULLNAT. */
export const localAddressRules = {
  'add-local-address': takes({ service, address }),
  'delete-local-address': takes({ service, address }),
}
