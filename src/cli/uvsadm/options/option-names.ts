import type { Protocol, TimeoutsInfo, TunnelInfo } from '../../../control/protocol/api.js'
import type { Endpoint } from './endpoint.js'

/** The service of -t, -u and --sctp-service, or of -f. */
export type ServiceAddress = (Endpoint & { protocol: Protocol }) | { mark: number; family?: 6 }

/** The family before any address is known, and of a mark: IPv4. */
export function familyOf(service: ServiceAddress | undefined): 4 | 6 {
  return service?.family ?? 4
}

export type ForwardingMethod = '-g' | '-i' | '-m' | '--fullnat'

/** The given options, by the names that ipvsadm's messages use. */
export interface Options {
  numeric?: true
  connection?: true
  'service-address'?: ServiceAddress
  scheduler?: string
  /** Seconds. */
  persistent?: number
  netmask?: string
  'real-server'?: Endpoint
  'forwarding-method'?: ForwardingMethod
  weight?: number
  'u-threshold'?: number
  'l-threshold'?: number
  'mcast-interface'?: string
  timeout?: true
  daemon?: true
  stats?: true
  rate?: true
  thresholds?: true
  'persistent-conn'?: true
  nosort?: true
  syncid?: number
  exact?: true
  ops?: true
  pe?: string
  /** The list as given: -s, which decides what it may hold, may come after it. */
  'sched-flags'?: string
  'mcast-group'?: string
  'mcast-port'?: number
  'mcast-ttl'?: number
  'sync-maxlen'?: number
  'tun-info'?: true
  'tun-type'?: TunnelInfo['type']
  'tun-port'?: number
  'tun-nocsum'?: true
  'tun-csum'?: true
  'tun-remcsum'?: true
  'local-address'?: string
  toa?: true
  'proxy-protocol'?: 'v1' | 'v2'
  json?: true
  /** Seconds between two listings. */
  watch?: number
  /** Not an option: the three words of --set. */
  timeouts?: TimeoutsInfo
}
export type OptionName = keyof Options

/** The order in which ipvsadm checks for missing or misplaced options; the first one found is reported. Then uvs's own options. */
export const OPTION_ORDER: readonly OptionName[] = [
  'numeric',
  'connection',
  'service-address',
  'scheduler',
  'persistent',
  'netmask',
  'real-server',
  'forwarding-method',
  'weight',
  'u-threshold',
  'l-threshold',
  'mcast-interface',
  'timeout',
  'daemon',
  'stats',
  'rate',
  'thresholds',
  'persistent-conn',
  'nosort',
  'syncid',
  'exact',
  'ops',
  'pe',
  'sched-flags',
  'mcast-group',
  'mcast-port',
  'mcast-ttl',
  'sync-maxlen',
  'tun-info',
  'tun-type',
  'tun-port',
  'tun-nocsum',
  'tun-csum',
  'tun-remcsum',
  'local-address',
  'toa',
  'proxy-protocol',
  'json',
  'watch',
]
