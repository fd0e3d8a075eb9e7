import type { DestinationSettings } from '../../src/director/rules/destination-rules.js'
import { Method } from '../../src/service/method.js'
import type { ServiceSettings } from '../../src/service/service-settings.js'
import type { ServiceIdentity } from '../../src/service/service-identity.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

/** A service of an address. */
export function identity(protocol: number, addr: Ipv4Addr, port: number): ServiceIdentity {
  return { protocol, addr, port, mark: 0 }
}

/** A service that is neither persistent nor anything else. */
export const plain: ServiceSettings = { persistence: 0, netmask: -1 as Ipv4Addr, onePacket: false, schedFlags: 0 }

/** A destination of this weight, without thresholds. */
export function ofWeight(weight: number): DestinationSettings {
  return { method: Method.MASQ, weight, upperThreshold: 0, lowerThreshold: 0 }
}
