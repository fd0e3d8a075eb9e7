import type { Director } from '../../director/director.js'
import { homeOf, type Home } from '../../director/rules/not-yet.js'
import type { NotYetIdentity, NotYetService, NotYetSettings } from '../../service/not-yet.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { parseIpv6, type Ipv6Addr } from '../../wire/ipv6-addr.js'
import type * as api from '../protocol/api.js'
import {
  addressOf,
  destinationSettings,
  findService,
  portOf,
  protocolNumber,
  inRange,
  unmaskedSettings,
} from './keys.js'
import { Refused } from '../protocol/refusal.js'
import type { Refusal } from '../../director/rules/refusal.js'
import { PLAIN_IPIP } from '../../service/method.js'
import type { Address, ServerSettings } from '../../service/not-yet.js'

/* Requests about services of IPv6 and real servers of another family than their service, which are kept but not served. */

const NO_ADDRESS: Ipv6Addr = [0, 0, 0, 0]

/** Whether the key is a service of IPv6. */
export function isNotYet(key: api.ServiceKey): boolean {
  return 'mark' in key ? key.family === 6 : key.address.includes(':')
}

/** Whether the request is about a real server that is not served, for its service's family or its own. */
export function isNotYetServer({ service, destination }: Pick<api.DestinationParams, 'service' | 'destination'>) {
  return isNotYet(service) || destination.address.includes(':')
}

export function findNotYet(director: Director, key: api.ServiceKey): NotYetService {
  const service = director.balancing.notYet.find(identity(key))
  if (!service) throw new Refused('ESRCH', 'no such service')
  return service
}

export function addNotYet({ balancing }: Director, key: api.ServiceKey, settings: api.ServiceSettingsInfo) {
  return balancing.notYet.addService(identity(key), settingsOf(settings))
}
export function editNotYet(director: Director, key: api.ServiceKey, settings: api.ServiceSettingsInfo) {
  return director.balancing.notYet.editService(findNotYet(director, key), settingsOf(settings))
}

export function addNotYetServer(director: Director, params: api.DestinationParams): Refusal | undefined {
  const home = homeFor(director, params.service)
  const { address, port } = params.destination
  return director.balancing.notYet.addServer(home, eitherAddress(address), portOf(port), serverSettings(params))
}
export function editNotYetServer(director: Director, params: api.DestinationParams): Refusal | undefined {
  const home = homeFor(director, params.service)
  const { address, port } = params.destination
  return director.balancing.notYet.editServer(home, eitherAddress(address), portOf(port), serverSettings(params))
}
export function deleteNotYetServer(
  director: Director,
  service: api.ServiceKey,
  { address, port }: api.DestinationKey,
): Refusal | undefined {
  return director.balancing.notYet.deleteServer(homeFor(director, service), eitherAddress(address), portOf(port))
}

function homeFor(director: Director, key: api.ServiceKey): Home {
  return homeOf(isNotYet(key) ? findNotYet(director, key) : findService(director, key))
}

function identity(key: api.ServiceKey): NotYetIdentity {
  if ('mark' in key)
    return {
      protocol: IpProtocol.TCP,
      address: NO_ADDRESS,
      port: 0,
      mark: inRange(key.mark, 1, 2 ** 32 - 1, 'EINVAL'),
    }
  return { protocol: protocolNumber(key.protocol), address: ipv6Of(key.address), port: portOf(key.port), mark: 0 }
}

function settingsOf(settings: api.ServiceSettingsInfo): NotYetSettings {
  const { netmask, scheduler } = settings
  if (!/^\d{1,3}$/.test(netmask)) throw new Refused('EINVAL', `'${netmask}' is not a prefix length from 1 to 128`)
  return { ...unmaskedSettings(settings), prefix: Number(netmask), scheduler }
}

function serverSettings({ settings }: api.DestinationParams): ServerSettings {
  return { tunnel: PLAIN_IPIP, ...destinationSettings(settings) }
}

function eitherAddress(text: string): Address {
  return text.includes(':') ? { family: 6, addr: ipv6Of(text) } : { family: 4, addr: addressOf(text) }
}

function ipv6Of(text: string): Ipv6Addr {
  const addr = parseIpv6(text)
  if (!addr) throw new Refused('EINVAL', `'${text}' is not an IPv6 address`)
  return addr
}
