import type { ServiceKey } from '../control/protocol/service-key.js'
import { endpointText } from '../control/protocol/service-name.js'
import type { KeyValue } from '../etcd/key-value.js'
import { isServiceName, SERVICE_NAME_HELP, type FleetKeys } from './fleet-keys.js'
import { KeyError } from './key-error.js'
import { isUnfinished } from './write/write-note.js'
import { decodeService, type FleetService } from './service-value.js'

/** What a key holds. */
export type FleetKv = Pick<KeyValue, 'key' | 'value' | 'modRevision'>

/** A service's key, read. */
export interface FleetEntry extends FleetKv {
  readonly name: string
  readonly service: FleetService
  /** What the service is known by. */
  readonly identity: string
}

/** What the keys of a prefix say that the rules are to be. */
export interface FleetRules {
  /** By identity. */
  readonly services: ReadonlyMap<string, FleetEntry>
  /** The key of rules in the form of ipvsadm-save, unread. */
  readonly rules: FleetKv | undefined
  /** Somebody is writing them, in more than one transaction. */
  readonly isUnfinished: boolean
  /** What is wrong with keys, in their order; those services are left out. */
  readonly errors: readonly KeyError[]
}

/** Reads the keys of a prefix, sorted by key; those that are not of rules are passed over. */
export function fleetRules(keys: FleetKeys, kvs: readonly FleetKv[]): FleetRules {
  const services = new Map<string, FleetEntry>()
  const errors: KeyError[] = []
  for (const kv of kvs) {
    if (!kv.key.startsWith(keys.services)) continue
    try {
      const entry = fleetEntry(keys, kv)
      const owner = services.get(entry.identity)
      if (owner !== undefined) throw doubled(kv.key, entry.identity, owner.key)
      services.set(entry.identity, entry)
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      errors.push(error)
    }
  }
  const of = (key: string): FleetKv | undefined => kvs.find(each => each.key === key)
  return { services, rules: of(keys.rules), isUnfinished: isUnfinished(of(keys.revision)?.value), errors }
}

/** Reads a service's key. KeyError. */
export function fleetEntry(keys: FleetKeys, { key, value, modRevision }: FleetKv): FleetEntry {
  const name = key.slice(keys.services.length)
  if (!isServiceName(name)) throw new KeyError(key, `the name is not ${SERVICE_NAME_HELP}`)
  const service = decodeService(key, value)
  return { key, value, modRevision, name, service, identity: serviceIdentity(service) }
}

/** A service of one key is of another too. */
export function doubled(key: string, identity: string, owner: string): KeyError {
  return new KeyError(key, `${identity} is the service of ${owner} already`)
}

/** `tcp 10.0.0.1:80`, `mark 7`: what a service is known by among others. */
export function serviceIdentity(key: ServiceKey): string {
  if ('mark' in key) return `mark ${key.mark}${key.family === 6 ? ' of IPv6' : ''}`
  return `${key.protocol} ${endpointText(key)}`
}
