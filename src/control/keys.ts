import type { DestinationSettings, ScheduledService } from '../director/balancing.js'
import type { Director } from '../director/director.js'
import type { Destination } from '../service/destination.js'
import type { MarkRule } from '../service/marks.js'
import type { ServiceSettings } from '../service/service.js'
import type { ServiceIdentity } from '../service/service-identity.js'
import { parseCidr, parseIpv4, type Cidr, type Ipv4Addr } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import type * as api from './api.js'
import { Refused } from './refused.js'

/* What a request names, as the director knows it. Refused says which word is wrong. */

const protocols: Record<api.Protocol, number> = { tcp: IpProtocol.TCP, udp: IpProtocol.UDP, sctp: IpProtocol.SCTP }

export function protocolName(number: number): api.Protocol {
  return number === IpProtocol.TCP ? 'tcp' : number === IpProtocol.UDP ? 'udp' : 'sctp'
}

/** A service of a mark has protocol TCP and neither address nor port (ipvs-behaviour.md §2.1). */
export function serviceIdentity(key: api.ServiceKey): ServiceIdentity {
  if ('mark' in key)
    return { protocol: IpProtocol.TCP, addr: 0 as Ipv4Addr, port: 0, mark: inRange(key.mark, 1, 2 ** 32 - 1, 'EINVAL') }
  return { protocol: protocols[key.protocol], addr: addressOf(key.address), port: portOf(key.port), mark: 0 }
}
export function findService(director: Director, key: api.ServiceKey): ScheduledService {
  const service = director.balancing.find(serviceIdentity(key))
  if (!service) throw new Refused('ESRCH', 'no such service')
  return service
}
export function findDestination(service: ScheduledService, key: api.DestinationKey): Destination {
  const dest = service.destination(addressOf(key.address), portOf(key.port))
  if (!dest) throw new Refused('ENOENT', 'no such destination')
  return dest
}

export function serviceSettings(settings: api.ServiceSettings): ServiceSettings {
  return {
    persistence: inRange(settings.persistence, 0, 2 ** 31 - 1, 'EINVAL'),
    netmask: addressOf(settings.netmask),
    onePacket: settings.onePacket,
    schedFlags: inRange(settings.schedFlags, 0, 7, 'EINVAL'),
  }
}
export function destinationSettings(settings: api.DestinationSettings): DestinationSettings {
  return {
    weight: inRange(settings.weight, 0, 2 ** 31 - 1, 'ERANGE'),
    upperThreshold: inRange(settings.upperThreshold, 0, 2 ** 31 - 1, 'EINVAL'),
    lowerThreshold: inRange(settings.lowerThreshold, 0, 2 ** 31 - 1, 'EINVAL'),
  }
}

export function markRule({ protocol, to, ports, mark }: api.MarkRuleInfo): MarkRule {
  return {
    protocol: protocols[protocol],
    to: cidrOf(to),
    ports: ports.map(({ first, last }) => ({ first: portOf(first), last: portOf(last) })),
    mark: inRange(mark, 0, 2 ** 32 - 1, 'EINVAL'),
  }
}
export function cidrOf(text: string): Cidr {
  const cidr = parseCidr(text)
  if (!cidr) throw new Refused('EINVAL', `'${text}' is neither an IPv4 address nor ADDRESS/PREFIX`)
  return cidr
}
export function addressOf(text: string): Ipv4Addr {
  const addr = parseIpv4(text)
  if (addr === undefined) throw new Refused('EINVAL', `'${text}' is not an IPv4 address`)
  return addr
}
export function portOf(port: number): number {
  return inRange(port, 0, 65_535, 'EINVAL')
}

function inRange(value: number, least: number, most: number, refusal: api.Refusal): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new Refused(refusal, `${value} is not a whole number from ${least} to ${most}`)
}
