import type { DestinationKey, DestinationParams, ServiceKey } from '../../control/api.js'
import { notYet, UsageError } from './failure.js'
import type { Endpoint } from './endpoint.js'
import type { Options } from './options.js'

/** An option that checkOptions has seen to be there. */
function given<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('parse before checkOptions')
  return value
}

function ipv4(endpoint: Endpoint): string {
  if (endpoint.family === 6) throw notYet(`IPv6 (${endpoint.address})`)
  return endpoint.address
}

/** The service of -t or -u. A port left out is port 0. */
export function serviceKey(options: Options): ServiceKey {
  const endpoint = given(options['service-address'])
  return { protocol: endpoint.protocol, address: ipv4(endpoint), port: endpoint.port ?? 0 }
}

/** The same, where a service is made or changed. */
export function newServiceKey(options: Options): ServiceKey {
  if (!options['service-address']?.port) throw new UsageError('Zero port specified for non-persistent service')
  return serviceKey(options)
}

/** The server of -r. A port left out there and in the service is port 0. */
export function destinationKey(options: Options): DestinationKey {
  const endpoint = given(options['real-server'])
  return { address: ipv4(endpoint), port: endpoint.port ?? 0 }
}

/** What -a and -e ask for. Like ipvsadm's -e, it resets what is not given: weight 1. */
export function destinationParams(options: Options): DestinationParams {
  if (options['real-server']?.family !== options['service-address']?.family && options['forwarding-method'] !== '-i')
    throw new UsageError('Different address family is allowed only for tunneling servers')
  const instead = 'say -m (masquerading)'
  if (options['forwarding-method'] === '-i') throw notYet('-i (tunneling)', instead)
  if (options['forwarding-method'] === '-g') throw notYet('-g (direct routing)', instead)
  if (!options['forwarding-method']) throw notYet("-g (direct routing), ipvsadm's default,", instead)
  return {
    service: serviceKey(options),
    destination: destinationKey(options),
    settings: { method: 'masq', weight: options.weight ?? 1 },
  }
}
