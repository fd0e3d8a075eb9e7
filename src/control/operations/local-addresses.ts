import type { localAddressRules as shapes } from '../protocol/local-addresses.js'
import { Refused } from '../protocol/refusal.js'
import type { ServiceKey } from '../protocol/service-key.js'
import { addressOf, findService } from './keys.js'
import { isNotYet } from './not-yet-requests.js'
import { done, refuse, type OperationsOf } from './operation.js'

export const localAddresses = {
  'add-local-address': {
    changesRules: true,
    changesAddresses: true,
    run(director, { service, address }) {
      refuseIpv6(service, address)
      const laddr = addressOf(address)
      refuse(director.localNode.refuseLocalAddress(laddr))
      director.conns.fullnatKeys.prepare()
      return done(director.balancing.addLocalAddress(findService(director, service), laddr))
    },
  },
  'delete-local-address': {
    changesRules: true,
    changesAddresses: true,
    run(director, { service, address }) {
      refuseIpv6(service, address)
      return done(director.balancing.deleteLocalAddress(findService(director, service), addressOf(address)))
    },
  },
} satisfies OperationsOf<keyof typeof shapes>

/** FULLNAT is for IPv4. */
function refuseIpv6(service: ServiceKey, address: string): void {
  if (isNotYet(service) || address.includes(':')) throw new Refused('EAFNOSUPPORT', 'local addresses are for IPv4')
}
