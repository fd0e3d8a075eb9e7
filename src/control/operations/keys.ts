import type { DestinationSettings } from '../../director/rules/destination-rules.js'
import type { ScheduledService } from '../../director/rules/scheduled-service.js'
import type { Director } from '../../director/director.js'
import type { Destination } from '../../service/destination.js'
import type { MarkRule } from '../../service/marks.js'
import { ClientAddress, Method, PLAIN_IPIP, TunnelFlag, TunnelType, type Tunnel } from '../../service/method.js'
import type { ServiceSettings } from '../../service/service-settings.js'
import type { ServiceIdentity } from '../../service/service-identity.js'
import { parseCidr, parseIpv4, type Cidr, type Ipv4Addr } from '../../wire/addr.js'
import { IpProtocol } from '../../wire/ipv4.js'
import type * as api from '../protocol/api.js'
import { Refused } from '../protocol/refusal.js'

/* Translates a request's values into the director's. Throws Refused, which names the wrong word. */

const protocols: Record<api.Protocol, number> = { tcp: IpProtocol.TCP, udp: IpProtocol.UDP, sctp: IpProtocol.SCTP }

export function protocolNumber(name: api.Protocol): number {
  return protocols[name]
}
export function protocolName(number: number): api.Protocol {
  return number === IpProtocol.TCP ? 'tcp' : number === IpProtocol.UDP ? 'udp' : 'sctp'
}

const methods: Record<api.MethodName, Method> = {
  masq: Method.MASQ,
  direct: Method.DIRECT,
  tunnel: Method.TUNNEL,
  fullnat: Method.FULLNAT,
}
const tunnelTypes: Record<api.TunnelInfo['type'], TunnelType> = {
  ipip: TunnelType.IPIP,
  gue: TunnelType.GUE,
  gre: TunnelType.GRE,
}
const tunnelFlags: Record<api.TunnelInfo['checksum'], number> = {
  none: 0,
  full: TunnelFlag.CSUM,
  remote: TunnelFlag.REMCSUM,
}
const clientAddresses: Record<api.ClientAddressName, ClientAddress> = {
  none: ClientAddress.NONE,
  toa: ClientAddress.TOA,
  'proxy-v1': ClientAddress.PROXY_V1,
  'proxy-v2': ClientAddress.PROXY_V2,
}

/** The name of a value in a table, which must have it. */
function nameOf<K extends string>(table: Record<K, number>, value: number): K {
  return (Object.keys(table) as K[]).find(name => table[name] === value)!
}
export function methodName(method: Method): api.MethodName {
  return nameOf(methods, method)
}
export function clientAddressName(how: ClientAddress): api.ClientAddressName {
  return nameOf(clientAddresses, how)
}
export function tunnelInfo({ type, port, flags }: Tunnel): api.TunnelInfo {
  return { type: nameOf(tunnelTypes, type), port, checksum: nameOf(tunnelFlags, flags) }
}
/** GUE must have a port (ipvs-behaviour.md §14.1). */
function tunnelOf(settings: api.TunnelInfo | undefined): Tunnel {
  if (settings === undefined) return PLAIN_IPIP
  const { type, port, checksum } = settings
  if (type === 'gue' && port === 0) throw new Refused('EINVAL', 'a GUE tunnel needs a port')
  return { type: tunnelTypes[type], port: portOf(port), flags: tunnelFlags[checksum] }
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

export function serviceSettings(settings: api.ServiceSettingsInfo): ServiceSettings {
  return { ...unmaskedSettings(settings), netmask: addressOf(settings.netmask) }
}
/** The settings that do not depend on the address family. */
export function unmaskedSettings(settings: api.ServiceSettingsInfo): Omit<ServiceSettings, 'netmask'> {
  return {
    persistence: inRange(settings.persistence, 0, 2 ** 31 - 1, 'EINVAL'),
    onePacket: settings.onePacket,
    schedFlags: inRange(settings.schedFlags, 0, 7, 'EINVAL'),
    clientAddress: clientAddresses[settings.clientAddress ?? 'none'],
    ...(settings.engine !== undefined && { engine: settings.engine }),
  }
}
export function destinationSettings(settings: api.DestinationSettingsInfo): DestinationSettings {
  return {
    method: methods[settings.method],
    tunnel: tunnelOf(settings.tunnel),
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

export function inRange(value: number, least: number, most: number, refusal: api.RefusalName): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new Refused(refusal, `${value} is not a whole number from ${least} to ${most}`)
}
