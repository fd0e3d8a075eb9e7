import {
  address,
  integer,
  isFields,
  optional,
  port,
  protocol,
  record,
  UNSIGNED,
  type Check,
  type Protocol,
} from './check.js'

/** Identifies a virtual service of an address (ipvsadm -t, -u, --sctp-service). One of IPv6 is kept but not served yet. */
export interface AddressKey {
  protocol: Protocol
  address: string
  port: number
}

/** Identifies a virtual service of a firewall mark, 1 to 2^32 − 1 (ipvsadm -f). */
export interface MarkKey {
  mark: number
  /** 6: for IPv6 packets (-6), kept but not served yet. Undefined: IPv4. */
  family?: 6
}

export type ServiceKey = AddressKey | MarkKey

/** The key alone, of what has one. */
export function keyOf(of: ServiceKey): ServiceKey {
  if ('mark' in of) return { mark: of.mark, ...(of.family && { family: of.family }) }
  return { protocol: of.protocol, address: of.address, port: of.port }
}

const addressKey: Check<AddressKey> = record({ protocol, address, port })
const markKey: Check<MarkKey> = record({ mark: integer(1, UNSIGNED), family: optional(integer(6, 6) as Check<6>) })
export const service: Check<ServiceKey> = (found, where) =>
  (isFields(found) && Object.hasOwn(found, 'mark') ? markKey : addressKey)(found, where)
