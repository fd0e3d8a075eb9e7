import type {
  DestinationKey,
  DestinationSettingsInfo,
  MethodName,
  ServiceKey,
  ServiceSettingsInfo,
} from '../../../control/protocol/api.ts'
import { endpoint, serviceOption } from './service-name.ts'

/* Each change on the page as the command that would do it: what is shown, copied, planned and applied is one text. */

const METHODS: Readonly<Record<MethodName, string>> = { masq: '-m', direct: '-g', tunnel: '-i', fullnat: '-b' }
const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [1, 'flag-1'],
  [2, 'flag-2'],
  [4, 'flag-3'],
]

export function addService(key: ServiceKey, settings: ServiceSettingsInfo): string {
  return `-A ${serviceOption(key)} ${settingsOptions(settings)}`
}
export function editService(key: ServiceKey, settings: ServiceSettingsInfo): string {
  return `-E ${serviceOption(key)} ${settingsOptions(settings)}`
}
export function deleteService(key: ServiceKey): string {
  return `-D ${serviceOption(key)}`
}
export function addServer(key: ServiceKey, server: DestinationKey, settings: DestinationSettingsInfo): string {
  return `-a ${serviceOption(key)} -r ${endpoint(server)} ${serverOptions(settings)}`
}
export function editServer(key: ServiceKey, server: DestinationKey, settings: DestinationSettingsInfo): string {
  return `-e ${serviceOption(key)} -r ${endpoint(server)} ${serverOptions(settings)}`
}
export function deleteServer(key: ServiceKey, server: DestinationKey): string {
  return `-d ${serviceOption(key)} -r ${endpoint(server)}`
}
/** Of `uvs`, not of uvsadm. */
export function drainCommand(key: ServiceKey, server: DestinationKey, deadline: number): string {
  return `uvs drain ${serviceOption(key)} -r ${endpoint(server)} --deadline ${deadline}s`
}

/** As one types it in a shell. */
export function asCommand(line: string): string {
  return `uvsadm ${line}`
}

function settingsOptions(settings: ServiceSettingsInfo): string {
  const { scheduler, persistence, netmask, onePacket, schedFlags, clientAddress, engine } = settings
  const isDefaultMask = netmask === '255.255.255.255' || netmask === '128' || netmask === ''
  return [
    `-s ${scheduler}`,
    ...(persistence > 0 ? [`-p ${persistence}`] : []),
    ...(persistence > 0 && !isDefaultMask ? [`-M ${netmask}`] : []),
    ...(onePacket ? ['-o'] : []),
    ...(schedFlags > 0 ? [`-b ${flagNames(scheduler, schedFlags)}`] : []),
    ...(engine ? [`--pe ${engine}`] : []),
    ...clientAddressOptions(clientAddress),
  ].join(' ')
}

/** As a shell takes it: sync_threshold has two numbers, with a tab between them. */
export function sysctlCommand(name: string, value: string): string {
  const words = `${name}=${value.replaceAll(/\s+/g, ' ')}`
  return `uvs sysctl ${words.includes(' ') ? `'${words}'` : words}`
}

function clientAddressOptions(name: ServiceSettingsInfo['clientAddress']): string[] {
  if (name === 'toa') return ['--toa']
  if (name === 'proxy-v1' || name === 'proxy-v2') return [`--proxy-protocol ${name.slice(-2)}`]
  return []
}

function flagNames(scheduler: string, bits: number): string {
  const own = scheduler === 'sh' || scheduler === 'mh'
  return FLAGS.filter(([bit]) => (bits & bit) !== 0)
    .map(([bit, name]) => (own && bit < 4 ? `${scheduler}-${bit === 1 ? 'fallback' : 'port'}` : name))
    .join(',')
}

function serverOptions({ method, weight, upperThreshold, lowerThreshold, tunnel }: DestinationSettingsInfo): string {
  return [
    METHODS[method],
    ...(method === 'tunnel' && tunnel && tunnel.type !== 'ipip' ? tunnelOptions(tunnel) : []),
    `-w ${weight}`,
    ...(upperThreshold > 0 ? [`-x ${upperThreshold}`] : []),
    ...(lowerThreshold > 0 ? [`-y ${lowerThreshold}`] : []),
  ].join(' ')
}

function tunnelOptions({ type, port, checksum }: NonNullable<DestinationSettingsInfo['tunnel']>): string[] {
  const sum = { none: '--tun-nocsum', full: '--tun-csum', remote: '--tun-remcsum' }[checksum]
  return [`--tun-type ${type}`, ...(type === 'gue' ? [`--tun-port ${port}`] : []), sum]
}
