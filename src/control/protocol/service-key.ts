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

/** Identity of a virtual service of an address (ipvsadm -t, -u, --sctp-service), IPv4 or IPv6: the latter is kept, not served yet. */
export interface AddressKey {
  protocol: Protocol
  address: string
  port: number
}

/** Identity of a virtual service of a firewall mark, 1 to 2^32 − 1 (ipvsadm -f). */
export interface MarkKey {
  mark: number
  /** Of IPv6 packets (-6): kept, not served yet. Left out: of IPv4. */
  family?: 6
}

export type ServiceKey = AddressKey | MarkKey

const addressKey: Check<AddressKey> = record({ protocol, address, port })
const markKey: Check<MarkKey> = record({ mark: integer(1, UNSIGNED), family: optional(integer(6, 6) as Check<6>) })
export const service: Check<ServiceKey> = (found, where) =>
  (isFields(found) && Object.hasOwn(found, 'mark') ? markKey : addressKey)(found, where)
