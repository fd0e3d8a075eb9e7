import type {
  ClientAddressName,
  DestinationKey,
  DestinationParams,
  MethodName,
  ServiceKey,
  ServiceSettingsInfo,
} from '../../../control/protocol/api.js'
import { CommandLineError } from '../failure.js'
import { familyOf, type ForwardingMethod, type OptionName, type Options } from './option-names.js'
import { readSchedFlags } from './sched-flags.js'
import { TUNNEL_OPTIONS, tunnelSettings } from './tunnel.js'

/** An option whose presence checkOptions has verified. */
export function given<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('parse before checkOptions')
  return value
}

/** The service of -t, -u, --sctp-service or -f. A missing port is port 0. */
export function serviceKey(options: Options): ServiceKey {
  const service = given(options['service-address'])
  if ('mark' in service) return service
  return { protocol: service.protocol, address: service.address, port: service.port ?? 0 }
}

/** The service for commands that add or change one. */
export function newServiceKey(options: Options): ServiceKey {
  const service = given(options['service-address'])
  if (!('mark' in service)) {
    if (!service.port && options.persistent === undefined)
      throw new CommandLineError('Zero port specified for non-persistent service')
    if (service.protocol !== 'udp' && options.ops)
      throw new CommandLineError('One-Packet Scheduling is only for UDP virtual services')
    if (service.protocol !== 'tcp' && clientAddress(options))
      throw new CommandLineError('TOA and the PROXY protocol are only for TCP virtual services')
  }
  return serviceKey(options)
}

/** The options of -A and -E besides the service. */
export const SERVICE_OPTIONS: readonly OptionName[] = [
  'scheduler',
  'persistent',
  'netmask',
  'ops',
  'pe',
  'sched-flags',
  'toa',
  'proxy-protocol',
]

export const SERVICE_CONFLICTS: readonly (readonly [OptionName, OptionName])[] = [['proxy-protocol', 'toa']]

function clientAddress(options: Options): ClientAddressName | undefined {
  if (options.toa) return 'toa'
  return options['proxy-protocol'] && `proxy-${options['proxy-protocol']}`
}

/** The characters that the control socket accepts in the name of a scheduler or engine. */
const NAME = /^[!-~]{1,255}$/
/** Stands for any other name: no scheduler is called so, and the director replies as to an unknown name. */
const NO_NAME = '?'

function nameOf(text: string): string {
  return NAME.test(text) ? text : NO_NAME
}

function schedulerOf(options: Options): string {
  return options.scheduler || 'wlc'
}

/** Throws if -b does not match -s. */
export function schedFlagsOf(options: Options): number {
  return readSchedFlags(options['sched-flags'] ?? '', schedulerOf(options))
}

/** The settings of -A and -E. Like ipvsadm's -E, it resets what is not given. */
export function serviceSettings(options: Options): ServiceSettingsInfo {
  const told = clientAddress(options)
  const unmasked = familyOf(options['service-address']) === 6 ? '128' : '255.255.255.255'
  return {
    scheduler: nameOf(schedulerOf(options)),
    persistence: options.persistent ?? 0,
    netmask: options.netmask ?? unmasked,
    onePacket: options.ops ?? false,
    schedFlags: schedFlagsOf(options),
    ...(told && { clientAddress: told }),
    ...(options.pe && { engine: nameOf(options.pe) }),
  }
}

/** The LIP of --add-laddr and --del-laddr. */
export function localAddressParams(options: Options): { service: ServiceKey; address: string } {
  return { service: serviceKey(options), address: given(options['local-address']) }
}

/** The server of -r. A port missing there and in the service is port 0. */
export function destinationKey(options: Options): DestinationKey {
  const endpoint = given(options['real-server'])
  return { address: endpoint.address, port: endpoint.port ?? 0 }
}

/** The options of -a and -e besides the service and the real server. */
export const SERVER_OPTIONS: readonly OptionName[] = [
  'forwarding-method',
  'weight',
  'u-threshold',
  'l-threshold',
  ...TUNNEL_OPTIONS,
]

const METHODS: Record<ForwardingMethod, MethodName> = {
  '-g': 'direct',
  '-i': 'tunnel',
  '-m': 'masq',
  '--fullnat': 'fullnat',
}

/** The settings of -a and -e. Like ipvsadm's -e, it resets what is not given: direct routing, weight 1, no thresholds. */
export function destinationParams(options: Options): DestinationParams {
  const service = given(options['service-address'])
  const method = METHODS[options['forwarding-method'] ?? '-g']
  if (options['real-server']?.family !== familyOf(service) && method !== 'tunnel')
    throw new CommandLineError('Different address family is allowed only for tunneling servers')
  const tunnel = tunnelSettings(options, method)
  const key = serviceKey(options)
  const destination = destinationKey(options)
  const isMapped = method === 'masq' || method === 'fullnat' || 'mark' in key
  return {
    service: key,
    destination: isMapped ? destination : { ...destination, port: key.port },
    settings: {
      method,
      ...(tunnel && { tunnel }),
      weight: options.weight ?? 1,
      upperThreshold: options['u-threshold'] ?? 0,
      lowerThreshold: options['l-threshold'] ?? 0,
    },
  }
}
