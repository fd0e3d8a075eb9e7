import type { ServiceIdentity } from '../../service/service-identity.js'
import { formatIpv4 } from '../../wire/addr.js'
import { IpProtocol } from '../../wire/ipv4.js'

const PROTOCOLS: Record<number, string> = {
  [IpProtocol.TCP]: 'TCP',
  [IpProtocol.UDP]: 'UDP',
  [IpProtocol.SCTP]: 'SCTP',
}

/** The name of a service in listings: `TCP 10.0.0.1:80`, `TCP [2001:db8::1]:80`, `FWM 7`. */
export function serviceName(mark: number, protocol: number, address: string, port: number): string {
  return mark === 0 ? `${PROTOCOLS[protocol]} ${endpointName(address, port)}` : `FWM ${mark}`
}

export function endpointName(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
/** The name of a service that is served. */
export function nameOfService({ mark, protocol, addr, port }: ServiceIdentity): string {
  return serviceName(mark, protocol, formatIpv4(addr), port)
}
