import { allServices } from '../../../control/protocol/all-services.js'
import type {
  Control,
  DestinationInfo,
  DestinationKey,
  Protocol,
  ServiceInfo,
  ServiceKey,
} from '../../../control/protocol/api.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { readEndpoint, readInteger, type Endpoint } from '../../uvsadm/options/endpoint.js'
import { UsageError } from '../../../director/options.js'
import { RefusedByDirector } from '../../uvsadm/failure.js'
import type { Names } from '../../uvsadm/options/names.js'
import { serviceWords } from '../../uvsadm/commands/save.js'
import type { TargetWords } from './drain-options.js'

/** A real server of a service, in its present state. */
export interface DrainTarget {
  key: ServiceKey
  destination: DestinationKey
  service: ServiceInfo
  server: DestinationInfo
}

const MARK_MAX = 2 ** 32 - 1
const PROTOCOLS: readonly Protocol[] = ['tcp', 'udp', 'sctp']
const FLAGS = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const

/** Finds the real server. UsageError for invalid words; Refused, which lists the existing ones, if it does not exist. */
export async function findTarget(control: Control, options: TargetWords, names: Names): Promise<DrainTarget> {
  const key = await serviceMeant(control, options.service, names)
  const service = await oneService(control, key)
  if (!service) throw new RefusedByDirector(`there is no service ${serviceWords(key)}`, 1)
  const destination = await realServerMeant(key, options.realServer, names)
  const server = findServer(service, destination)
  if (server) return { key, destination, service, server }
  const known = service.destinations.map(endpointText)
  throw new RefusedByDirector(
    `${serviceWords(key)} has no real server ${endpointText(destination)}: ` +
      (known.length > 0 ? `it has ${listed(known)}` : 'it has none'),
    1,
  )
}

/** The service in its present state; undefined if it has been deleted. */
export async function oneService(control: Control, key: ServiceKey): Promise<ServiceInfo | undefined> {
  const reply = await allServices(control, key)
  if (reply.ok) return reply.value[0]
  if (reply.refusal === 'ESRCH') return undefined
  throw new RefusedByDirector(reply.message, 1)
}

export function findServer(service: ServiceInfo, { address, port }: DestinationKey): DestinationInfo | undefined {
  return service.destinations.find(dest => dest.address === address && dest.port === port)
}

async function serviceMeant(control: Control, service: TargetWords['service'], names: Names): Promise<ServiceKey> {
  if ('mark' in service) {
    const mark = readInteger(service.mark, MARK_MAX)
    if (!mark) throw new UsageError(`-f: '${service.mark}' is no firewall mark, 1 to ${MARK_MAX}`)
    return { mark, ...(service.family && { family: service.family }) }
  }
  const { protocol, text } = service
  if (protocol !== undefined) {
    const endpoint = await readEndpoint(text, protocol, names)
    if (!endpoint) throw new UsageError(`${FLAGS[protocol]}: '${text}' is not VIP:PORT`)
    return keyOf(protocol, endpoint)
  }
  return anyProtocol(control, text, names)
}

/** A port name can mean a different number in each protocol. */
async function anyProtocol(control: Control, text: string, names: Names): Promise<ServiceKey> {
  const there: ServiceKey[] = []
  let isEndpoint = false
  for (const protocol of PROTOCOLS) {
    const endpoint = await readEndpoint(text, protocol, names)
    if (!endpoint) continue
    isEndpoint = true
    const key = keyOf(protocol, endpoint)
    if (await oneService(control, key)) there.push(key)
  }
  if (!isEndpoint) throw new UsageError(`'${text}' is no service: VIP:PORT, -t VIP:PORT, -u, --sctp-service or -f MARK`)
  const [key, ...more] = there
  if (!key) throw new RefusedByDirector(`there is no service ${text}`, 1)
  if (more.length > 0)
    throw new UsageError(`'${text}' is several services: say ${there.map(key => serviceWords(key)).join(' or ')}`)
  return key
}

function keyOf(protocol: Protocol, { address, port }: Endpoint): ServiceKey {
  return { protocol, address, port: port ?? 0 }
}

async function realServerMeant(key: ServiceKey, text: string, names: Names): Promise<DestinationKey> {
  const endpoint = await readEndpoint(text, 'mark' in key ? 'tcp' : key.protocol, names)
  if (!endpoint) throw new UsageError(`'${text}' is no real server: RIP[:PORT]`)
  const { address, port = 'mark' in key ? 0 : key.port } = endpoint
  return { address, port }
}

/** The first few items, so that the line stays readable. */
function listed(words: readonly string[]): string {
  const most = 8
  return words.length <= most ? words.join(', ') : `${words.slice(0, most).join(', ')} and ${words.length - most} more`
}
