import { allServices } from '../../../control/protocol/all-services.js'
import type {
  DestinationSettingsInfo,
  MethodName,
  ServiceInfo,
  ServiceKey,
  ServiceSettingsInfo,
} from '../../../control/protocol/api.js'
import { granted, SERVICE_REFUSALS } from '../ask.js'
import type { Command } from '../command.js'
import { type Label, labeller, numeric } from '../listing/label.js'
import { savedFlagNames } from '../options/sched-flags.js'
import { sortServices } from '../listing/sort.js'
import { isMasked, PLAIN_IPIP } from '../listing/layouts.js'

const SERVICE = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const
const METHOD: Record<MethodName, string> = { masq: '-m', direct: '-g', tunnel: '-i', fullnat: '-b' }
const CHECKSUM = { none: '--tun-nocsum', full: '--tun-csum', remote: '--tun-remcsum' } as const
const CLIENT_ADDRESS = {
  toa: '--toa',
  'proxy-v1': '--proxy-protocol v1',
  'proxy-v2': '--proxy-protocol v2',
}

/** The rules as commands. Includes thresholds and hidden flags, which ipvsadm loses. */
export const save: Command<{ numeric: boolean }> = {
  name: 'save',
  flags: ['-S', '--save'],
  usage: '-S [-n]',
  help: 'print the rules, a command a line',
  needs: [],
  takes: ['numeric'],
  parse: options => ({ numeric: options.numeric ?? false }),
  async run(control, { numeric }, names) {
    const services = sortServices(granted(await allServices(control), SERVICE_REFUSALS))
    const addresses = services.flatMap(svc => [
      ...('mark' in svc ? [] : [svc.address]),
      ...svc.destinations.map(dest => dest.address),
    ])
    const label = await labeller(addresses, numeric ? undefined : names)
    return services
      .flatMap(service => serviceLines(service, label))
      .map(line => `${line}\n`)
      .join('')
  },
}

/** The commands that make a service. */
export function serviceLines(service: ServiceInfo, label: Label = numeric): string[] {
  const key = serviceWords(service, label)
  const protocol = 'mark' in service ? 'ip' : service.protocol
  return [
    ['-A', key, ...serviceOptions(service)].join(' '),
    ...(service.localAddresses ?? []).map(address => `--add-laddr -z ${address} ${key}`),
    ...service.destinations.map(
      dest => `-a ${key} -r ${label(protocol, dest.address, dest.port)} ${destinationOptions(dest).join(' ')}`,
    ),
  ]
}

/** `-t 10.0.0.1:80` */
export function serviceWords(service: ServiceKey, label: Label = numeric): string {
  if ('mark' in service) return `-f ${service.mark}${service.family === 6 ? ' -6' : ''}`
  return `${SERVICE[service.protocol]} ${label(service.protocol, service.address, service.port)}`
}

/** Each option and its value. */
export function serviceOptions(settings: ServiceSettingsInfo): string[] {
  const { persistence, netmask, onePacket, engine, schedFlags, scheduler, clientAddress = 'none' } = settings
  const options = [`-s ${scheduler}`]
  if (persistence !== 0) options.push(`-p ${persistence}`)
  if (persistence !== 0 && isMasked(settings)) options.push(`-M ${netmask}`)
  if (engine !== undefined) options.push(`--pe ${engine}`)
  if (onePacket) options.push('-o')
  if (schedFlags !== 0) options.push(`-b ${savedFlagNames(schedFlags, scheduler)}`)
  if (clientAddress !== 'none') options.push(CLIENT_ADDRESS[clientAddress])
  return options
}

/** The method, then each option and its value. */
export function destinationOptions(settings: DestinationSettingsInfo): string[] {
  const { method, tunnel, weight, upperThreshold, lowerThreshold } = settings
  const options = [METHOD[method], `-w ${weight}`]
  if (upperThreshold !== 0) options.push(`-x ${upperThreshold}`)
  if (lowerThreshold !== 0) options.push(`-y ${lowerThreshold}`)
  if (method !== 'tunnel') return options
  const { type, port, checksum } = tunnel ?? PLAIN_IPIP
  options.push(`--tun-type ${type}`)
  if (type === 'gue') options.push(`--tun-port ${port}`)
  if (type !== 'ipip') options.push(CHECKSUM[checksum])
  return options
}
