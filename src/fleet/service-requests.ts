import type { RuleChange } from '../control/protocol/rules.js'
import { keyOf } from '../control/protocol/service-key.js'
import type { FleetService } from './service-value.js'

/** The changes that add the service to rules that do not have it. */
export function serviceRequests(entry: FleetService): RuleChange[] {
  const { destinations, localAddresses = [] } = entry
  const service = keyOf(entry)
  const { scheduler, persistence, netmask, onePacket, schedFlags, clientAddress, engine } = entry
  const more = { ...(clientAddress && { clientAddress }), ...(engine !== undefined && { engine }) }
  const settings = { scheduler, persistence, netmask, onePacket, schedFlags, ...more }
  return [
    { op: 'add-service', service, settings },
    ...localAddresses.map((address): RuleChange => ({ op: 'add-local-address', service, address })),
    // A listing has the newest first.
    ...destinations.toReversed().map(({ address, port, ...rest }): RuleChange => {
      return { op: 'add-destination', service, destination: { address, port }, settings: rest }
    }),
  ]
}
