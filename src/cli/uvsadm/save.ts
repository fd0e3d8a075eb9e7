import { allServices } from '../../control/all-services.js'
import type { DestinationInfo, Method, ServiceInfo } from '../../control/api.js'
import { granted, SERVICE_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { type Label, labeller } from './label.js'
import { schedFlagNames } from './sched-flags.js'
import { sortServices } from './sort.js'
import { isMasked, PLAIN_IPIP } from './layouts.js'

const SERVICE = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const
const METHOD: Record<Method, string> = { masq: '-m', direct: '-g', tunnel: '-i', fullnat: '-b' }
const CHECKSUM = { none: '--tun-nocsum', full: '--tun-csum', remote: '--tun-remcsum' } as const
const CLIENT_ADDRESS = {
  none: '',
  toa: ' --toa',
  'proxy-v1': ' --proxy-protocol v1',
  'proxy-v2': ' --proxy-protocol v2',
}

/** The rules as commands that make them. Thresholds, which ipvsadm loses, are saved where there are any. */
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

function serviceLines(service: ServiceInfo, label: Label): string[] {
  const key =
    'mark' in service
      ? `-f ${service.mark}${service.family === 6 ? ' -6' : ''}`
      : `${SERVICE[service.protocol]} ${label(service.protocol, service.address, service.port)}`
  const protocol = 'mark' in service ? 'ip' : service.protocol
  return [
    `-A ${key} -s ${service.scheduler}${settings(service)}`,
    ...(service.localAddresses ?? []).map(address => `--add-laddr -z ${address} ${key}`),
    ...service.destinations.map(
      dest => `-a ${key} -r ${label(protocol, dest.address, dest.port)} ${destinationSettings(dest)}`,
    ),
  ]
}

function settings(service: ServiceInfo): string {
  const { persistence, netmask, onePacket, engine, schedFlags, scheduler, clientAddress = 'none' } = service
  let text = ''
  if (persistence !== 0) text += ` -p ${persistence}`
  if (persistence !== 0 && isMasked(service)) text += ` -M ${netmask}`
  if (engine !== undefined) text += ` --pe ${engine}`
  if (onePacket) text += ' -o'
  if (schedFlags !== 0) text += ` -b ${schedFlagNames(schedFlags, scheduler)}`
  return text + CLIENT_ADDRESS[clientAddress]
}

/** The options of -a and -e that make a real server what it is. */
export function destinationSettings({
  method,
  tunnel,
  weight,
  upperThreshold,
  lowerThreshold,
}: DestinationInfo): string {
  let text = `${METHOD[method]} -w ${weight}`
  if (upperThreshold !== 0) text += ` -x ${upperThreshold}`
  if (lowerThreshold !== 0) text += ` -y ${lowerThreshold}`
  if (method !== 'tunnel') return text
  const { type, port, checksum } = tunnel ?? PLAIN_IPIP
  text += ` --tun-type ${type}`
  if (type === 'gue') text += ` --tun-port ${port}`
  return type === 'ipip' ? text : `${text} ${CHECKSUM[checksum]}`
}
