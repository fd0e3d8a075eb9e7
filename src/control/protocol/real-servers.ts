import { address, integer, oneOf, optional, port, POSITIVE, record, type Check } from './check.js'
import { service, type ServiceKey } from './service-key.js'
import { takes } from './shape.js'
import type { Counted } from './stats.js'

export type MethodName = 'masq' | 'direct' | 'tunnel' | 'fullnat'

/** A tunnel's encapsulation (ipvsadm --tun-type and its options). */
export interface TunnelInfo {
  type: 'ipip' | 'gue' | 'gre'
  /** UDP port of GUE; 0 with the others. */
  port: number
  checksum: 'none' | 'full' | 'remote'
}

/** Identifies a real server within a service (ipvsadm -r). One of IPv6 is kept but not served yet. */
export interface DestinationKey {
  address: string
  port: number
}

export interface DestinationSettingsInfo {
  method: MethodName
  /** For method tunnel; default ipip. */
  tunnel?: TunnelInfo
  weight: number
  /** -x, -y; 0: none. ERANGE if the lower is above the upper. */
  upperThreshold: number
  lowerThreshold: number
}

export interface DestinationInfo extends DestinationKey, DestinationSettingsInfo, Counted {
  activeConns: number
  inactConns: number
  persistConns: number
}

export interface DestinationParams {
  service: ServiceKey
  destination: DestinationKey
  settings: DestinationSettingsInfo
}

export const destination: Check<DestinationKey> = record({ address, port })
const tunnel: Check<TunnelInfo> = record({
  type: oneOf('ipip', 'gue', 'gre'),
  port,
  checksum: oneOf('none', 'full', 'remote'),
})
const settings: Check<DestinationSettingsInfo> = record({
  method: oneOf('masq', 'direct', 'tunnel', 'fullnat'),
  tunnel: optional(tunnel),
  weight: integer(0, POSITIVE),
  upperThreshold: integer(0, POSITIVE),
  lowerThreshold: integer(0, POSITIVE),
})

export const realServerRules = {
  'add-destination': takes({ service, destination, settings }),
  'edit-destination': takes({ service, destination, settings }),
  'delete-destination': takes({ service, destination }),
}
