import { isFields, list, Malformed, type Fields } from '../control/protocol/check.js'
import { localAddressRules } from '../control/protocol/local-addresses.js'
import { realServerRules, type DestinationKey, type DestinationSettingsInfo } from '../control/protocol/real-servers.js'
import { service as serviceKey, type ServiceKey } from '../control/protocol/service-key.js'
import { serviceRules, type ServiceInfo, type ServiceSettingsInfo } from '../control/protocol/services.js'
import { KeyError } from './key-error.js'

/** A real server as it is in a value: as in a listing, without counts. */
export type FleetServer = DestinationKey & DestinationSettingsInfo

/** A virtual service as it is in a value: as in a listing (`uvsadm -L --json`), without counts. */
export type FleetService = ServiceKey &
  ServiceSettingsInfo & { readonly localAddresses?: string[]; readonly destinations: FleetServer[] }

/** Of the values' form. Another one is refused. */
const VERSION = 1
/** A value has 1.5 MB at most, so there are never so many. */
const MOST_SERVERS = 65_536

const SERVICE_DEFAULTS = {
  scheduler: 'wlc',
  persistence: 0,
  onePacket: false,
  schedFlags: 0,
}
const SERVER_DEFAULTS = { method: 'direct', weight: 1, upperThreshold: 0, lowerThreshold: 0 }

/** What a listing has besides: it may be put back as it was read. */
const SERVICE_COUNTS = ['stats', 'rates']
const SERVER_COUNTS = ['activeConns', 'inactConns', 'persistConns', 'stats', 'rates']

const KEY_FIELDS = ['protocol', 'address', 'port', 'mark', 'family']
const { settings: serviceSettings } = serviceRules['add-service'].params
const { destination, settings: serverSettings } = realServerRules['add-destination'].params
const { address: localAddress } = localAddressRules['add-local-address'].params
const SERVICE_FIELDS = [
  ...KEY_FIELDS,
  'scheduler',
  'persistence',
  'netmask',
  'onePacket',
  'schedFlags',
  'clientAddress',
  'engine',
  'localAddresses',
  'destinations',
]
const SERVER_FIELDS = ['address', 'port', 'method', 'tunnel', 'weight', 'upperThreshold', 'lowerThreshold']

const VALUE_FIELDS = ['version', 'service']
const KNOWN_OF_SERVICE = [...SERVICE_FIELDS, ...SERVICE_COUNTS]
const KNOWN_OF_SERVER = [...SERVER_FIELDS, ...SERVER_COUNTS]

/** Writes the value of a service's key: one real server a line. */
export function encodeService(service: FleetService | ServiceInfo): string {
  const { destinations, ...rest } = service
  const head = JSON.stringify(only(rest, SERVICE_FIELDS)).slice(0, -1)
  const servers = destinations.map(each => `\n${JSON.stringify(only(each, SERVER_FIELDS))}`).join()
  return `{"version":${VERSION},"service":${head},"destinations":[${servers}\n]}}`
}

/**
 * Reads the value of a service's key. Settings that are left out are ipvsadm's. KeyError, with the key and the word, for what is no
 * service, has another version, or has a field that is not known: a misspelt one must not change what is served.
 */
export function decodeService(key: string, text: string): FleetService {
  try {
    const value = parsed(text)
    const { version } = value
    if (typeof version === 'number' && version > VERSION) throw newer(key, version)
    if (version !== VERSION) throw new Malformed(`version: not ${VERSION}`)
    mustKnow(value, VALUE_FIELDS, '')
    return readService(value['service'])
  } catch (error) {
    if (error instanceof Malformed) throw new KeyError(key, error.message)
    throw error
  }
}

function newer(key: string, version: number): KeyError {
  const error = new KeyError(key, `version: ${version} is of a newer uvs, this one knows ${VERSION}`)
  error.isNewer = true
  return error
}

function parsed(text: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Malformed(`no JSON: ${(error as Error).message.split('\n', 1)[0]}`)
  }
  if (!isFields(value)) throw new Malformed('not an object of version and service')
  return value
}

function readService(found: unknown): FleetService {
  const key = serviceKey(found, 'service')
  const fields = found as Fields
  mustKnow(fields, KNOWN_OF_SERVICE, 'service.')
  const isV6 = 'mark' in key ? key.family === 6 : key.address.includes(':')
  const netmask = isV6 ? '128' : '255.255.255.255'
  const settings = serviceSettings({ ...SERVICE_DEFAULTS, netmask, ...fields }, 'service')
  const locals = fields['localAddresses']
  const destinations = list(readServer, MOST_SERVERS)(fields['destinations'] ?? [], 'service.destinations')
  return {
    ...key,
    ...settings,
    ...(locals !== undefined && {
      localAddresses: list(localAddress, MOST_SERVERS)(locals, 'service.localAddresses'),
    }),
    destinations,
  }
}

function readServer(found: unknown, where: string): FleetServer {
  const key = destination(found, where)
  mustKnow(found as Fields, KNOWN_OF_SERVER, `${where}.`)
  return { ...key, ...serverSettings({ ...SERVER_DEFAULTS, ...(found as Fields) }, where) }
}

function mustKnow(fields: Fields, known: readonly string[], where: string): void {
  const strange = Object.keys(fields).find(name => !known.includes(name))
  if (strange === undefined) return
  const shown = JSON.stringify(strange.slice(0, 40)).slice(1, -1)
  throw new Malformed(`${where}${shown}: there is no such field; those there are: ${known.join(' ')}`)
}

function only(fields: object, names: readonly string[]): object {
  return Object.fromEntries(names.flatMap(name => (name in fields ? [[name, (fields as Fields)[name]]] : [])))
}
