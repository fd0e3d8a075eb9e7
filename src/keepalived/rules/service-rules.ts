import type {
  DestinationParams,
  DestinationSettingsInfo,
  ServiceKey,
  ServiceSettingsInfo,
} from '../../control/protocol/api.js'
import type { GroupEntry, LvsMethod, RealServer, SorryServer } from '../config/tree/virtual-server.js'
import { formatIpv4, parseIpv4 } from '../../wire/addr.js'
import { formatIpv6, parseIpv6, type Ipv6Addr } from '../../wire/ipv6-addr.js'
import type { CheckedService } from '../health/checked-service.js'

/* What a virtual_server block is in the rules: as keepalived gives it to IPVS. */

/** A group's addresses, each of its ranges, and its marks are a service each; any other virtual server is one. */
export function serviceKeys({ target, entries, protocol, realServers }: CheckedService): ServiceKey[] {
  const isV6 = realServers[0]?.family === 6
  const mark = (number: number, family?: 4 | 6): ServiceKey => ({
    mark: number,
    ...((family ?? (isV6 ? 6 : 4)) === 6 && { family: 6 as const }),
  })
  const address = (text: string, port: number): ServiceKey => ({
    protocol: protocol === 'none' ? 'tcp' : protocol,
    address: text,
    port,
  })
  if (target.kind === 'address') return [address(target.address, target.port)]
  if (target.kind === 'fwmark') return [mark(target.mark)]
  return entries.flatMap(entry =>
    entry.kind === 'fwmark'
      ? [mark(entry.mark, entry.family)]
      : addressesOf(entry).map(text => address(text, entry.port)),
  )
}

const FLAGS = { 'flag-1': 1, 'flag-2': 2, 'flag-3': 4 }

export function serviceSettings(service: CheckedService, key: ServiceKey): ServiceSettingsInfo {
  const isV6 = 'mark' in key ? key.family === 6 : key.address.includes(':')
  let schedFlags = 0
  for (const flag of service.flags) schedFlags |= FLAGS[flag]
  return {
    scheduler: service.scheduler,
    persistence: service.persistenceSeconds,
    netmask: service.persistenceGranularity ?? (isV6 ? '128' : '255.255.255.255'),
    onePacket: service.ops,
    schedFlags,
    ...(service.persistenceEngine !== undefined && { engine: service.persistenceEngine }),
  }
}

/** A real server, or the sorry server, in one of its services. */
export function destinationOf(
  service: ServiceKey,
  server: RealServer | SorryServer,
  weight: number,
): DestinationParams {
  const { address, port, method } = server
  const [upperThreshold, lowerThreshold] =
    'upperThreshold' in server ? [server.upperThreshold, server.lowerThreshold] : [0, 0]
  const settings = { ...methodOf(method), weight, upperThreshold, lowerThreshold }
  return { service, destination: { address, port: 'mark' in service && method.kind !== 'NAT' ? 0 : port }, settings }
}

const CHECKSUMS = { nocsum: 'none', csum: 'full', remcsum: 'remote' } as const

function methodOf(method: LvsMethod): Pick<DestinationSettingsInfo, 'method' | 'tunnel'> {
  if (method.kind !== 'TUN') return { method: method.kind === 'NAT' ? 'masq' : 'direct' }
  const { type, port = 0, checksum = 'nocsum' } = method
  if (type === 'ipip') return { method: 'tunnel' }
  return { method: 'tunnel', tunnel: { type, port, checksum: CHECKSUMS[checksum] } }
}

/** A longer range is no group of addresses that somebody balances. */
const MOST_ADDRESSES = 65_536

/** Each address of a range. Error: there are too many. */
function addressesOf({ range: { first, last } }: GroupEntry & { kind: 'addresses' }): string[] {
  const found = [first]
  while (found.at(-1) !== last) {
    if (found.length >= MOST_ADDRESSES) throw new Error(`${first}-${last}: more than ${MOST_ADDRESSES} addresses`)
    found.push(plus(first, found.length))
  }
  return found
}

function plus(address: string, more: number): string {
  const ipv4 = parseIpv4(address)
  if (ipv4 !== undefined) return formatIpv4(((ipv4 + more) | 0) as typeof ipv4)
  const [a, b, c, d] = parseIpv6(address)!
  return formatIpv6([a, b, c, (d + more) | 0] as Ipv6Addr)
}
