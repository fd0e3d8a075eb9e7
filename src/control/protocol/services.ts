import { isIPv4 } from 'node:net'
import { flag, integer, name, oneOf, optional, place, record, seconds, text, type Check } from './check.js'
import type { DestinationInfo } from './real-servers.js'
import { service, type ServiceKey } from './service-key.js'
import { takes } from './shape.js'
import type { Counted } from './stats.js'

/** How real servers behind FULLNAT learn the client's address. */
export type ClientAddressName = 'none' | 'toa' | 'proxy-v1' | 'proxy-v2'

export interface ServiceSettingsInfo {
  scheduler: string
  /** Seconds that a client stays with its real server (-p); 0: not persistent. */
  persistence: number
  /** Clients equal under this mask count as one (-M): a dotted mask; for IPv6 a prefix length from 1 to 128. */
  netmask: string
  /** One-packet scheduling (-o). */
  onePacket: boolean
  /** The scheduler's flags (-b), a bit each: 1 sh-fallback, mh-fallback, flag-1; 2 sh-port, mh-port, flag-2; 4 flag-3. */
  schedFlags: number
  /** Default none. */
  clientAddress?: ClientAddressName
  /** Persistence engine (--pe): sip. Kept but not used yet. */
  engine?: string
}

export type ServiceInfo = ServiceKey &
  ServiceSettingsInfo &
  Counted & {
    /** LIPs: FULLNAT connections to its real servers come from these. In the order they were added; undefined: none. */
    localAddresses?: string[]
    /** In the kernel's order: the newest first. */
    destinations: DestinationInfo[]
  }

export interface ServicePage {
  rows: ServiceInfo[]
  /** The first row is the last service of the previous page, with more of its destinations. */
  continues?: true
  /** Where the next page starts; null after the last. Opaque to clients. */
  next: string | null
}

const settings: Check<ServiceSettingsInfo> = record({
  scheduler: name,
  persistence: seconds,
  netmask: text('a dotted mask or a prefix length', isMask),
  onePacket: flag,
  schedFlags: integer(0, 7),
  clientAddress: optional(oneOf<ClientAddressName>('none', 'toa', 'proxy-v1', 'proxy-v2')),
  engine: optional(name),
})

function isMask(found: string): boolean {
  return isIPv4(found) || (/^\d{1,3}$/.test(found) && Number(found) <= 128)
}

export const serviceRules = {
  'add-service': takes({ service, settings }),
  'edit-service': takes({ service, settings }),
  'delete-service': takes({ service }),
}

export const services = {
  ...serviceRules,
  flush: takes({}),
  /** Without `service`: all services and the totals. */
  zero: takes({ service: optional(service) }),
  /**
   * A page of the services in the kernel's order (ipvsadm --nosort): begin without `from`, continue with `next`. With `service`:
   * only that one, ESRCH if there is none. Pages are bounded in services and destinations, so that a listing never stops traffic.
   * Services added or deleted meanwhile do not make others missing or double. `allServices` reads all pages.
   */
  services: takes({ service: optional(service), from: optional(place) }).returns<ServicePage>(),
}
