import type {
  DestinationInfo,
  DestinationSettingsInfo,
  PlannedChange,
  RuleChange,
  ServiceInfo,
  ServiceKey,
  ServiceSettingsInfo,
} from '../protocol/api.js'
import { keyOf } from '../protocol/service-key.js'

/** Changes that fit the rules there are. */
export interface Fitted {
  readonly changes: readonly PlannedChange[]
  /** Why others are left out, a line each. */
  readonly left: readonly string[]
}

interface Server {
  settings: DestinationSettingsInfo
  readonly connections: number
  /** The change that has set it. */
  change?: PlannedChange
}
interface Service {
  settings: ServiceSettingsInfo
  readonly servers: Map<string, Server>
}

/**
 * Fits changes to the rules there are, which somebody may have changed by hand: what is there already is edited rather than added, what
 * is not there need not be deleted, what is so already is left out, and what cannot be edited, for it is not there, is named. Later edits
 * go into the change that they are of. What it was, and the connections that it touches, come with each.
 */
export function fit(current: readonly ServiceInfo[], requests: readonly RuleChange[]): Fitted {
  const fitting = new Fitting(current)
  for (const request of requests) fitting.take(request)
  return { changes: fitting.changes.filter(change => !isIdle(change)), left: fitting.left }
}

class Fitting {
  readonly changes: PlannedChange[] = []
  readonly left: string[] = []
  readonly #services: Map<string, Service>

  constructor(current: readonly ServiceInfo[]) {
    this.#services = new Map(current.map(info => [nameOf(keyOf(info)), serviceOf(info)]))
  }

  take(request: RuleChange): void {
    const name = nameOf(request.service)
    const service = this.#services.get(name)
    switch (request.op) {
      case 'add-service':
      case 'edit-service':
        return this.#setService(request, name, service)
      case 'delete-service':
        if (!service) return
        this.#services.delete(name)
        this.#add(request, connectionsOf(service))
        return
      case 'add-destination':
      case 'edit-destination':
        return service ? this.#setServer(request, service) : this.#leave(request)
      case 'delete-destination': {
        const server = service?.servers.get(serverName(request))
        if (!server) return
        service!.servers.delete(serverName(request))
        this.#add(request, server.connections)
        return
      }
      default:
        this.#add(request, 0)
    }
  }

  #setService(
    request: RuleChange & { op: 'add-service' | 'edit-service' },
    name: string,
    service: Service | undefined,
  ): void {
    const { settings, service: key } = request
    if (service) {
      const was = service.settings
      service.settings = settings
      this.#add({ op: 'edit-service', service: key, settings }, connectionsOf(service), was)
      return
    }
    if (request.op === 'edit-service') return this.#leave(request)
    this.#services.set(name, { settings, servers: new Map() })
    this.#add(request, 0)
  }

  #setServer(request: RuleChange & { op: 'add-destination' | 'edit-destination' }, { servers }: Service): void {
    const { settings, service, destination } = request
    const server = servers.get(serverName(request))
    if (server?.change) {
      ;(server.change.request as typeof request).settings = settings
      return
    }
    if (!server && request.op === 'edit-destination') return this.#leave(request)
    const op = server ? 'edit-destination' : 'add-destination'
    const change = this.#add({ op, service, destination, settings }, server?.connections ?? 0, server?.settings)
    servers.set(serverName(request), { settings, connections: server?.connections ?? 0, change })
  }

  #add(request: RuleChange, connections: number, was?: PlannedChange['was']): PlannedChange {
    const change = { request, connections, ...(was && { was }) }
    this.changes.push(change)
    return change
  }

  #leave(request: RuleChange): void {
    const server = 'destination' in request ? `${request.destination.address}:${request.destination.port} of ` : ''
    this.left.push(`${server}${nameOf(request.service)} is not there: it is left alone`)
  }
}

function serviceOf(info: ServiceInfo): Service {
  const servers = info.destinations.map((server): [string, Server] => [
    `${server.address} ${server.port}`,
    { settings: settingsOf(server), connections: server.activeConns + server.inactConns },
  ])
  const { scheduler, persistence, netmask, onePacket, schedFlags, clientAddress, engine } = info
  const more = { ...(clientAddress && { clientAddress }), ...(engine !== undefined && { engine }) }
  return {
    settings: { scheduler, persistence, netmask, onePacket, schedFlags, ...more },
    servers: new Map(servers),
  }
}
function settingsOf({ method, tunnel, weight, upperThreshold, lowerThreshold }: DestinationInfo) {
  return { method, ...(tunnel && { tunnel }), weight, upperThreshold, lowerThreshold }
}

function connectionsOf({ servers }: Service): number {
  return [...servers.values()].reduce((sum, { connections }) => sum + connections, 0)
}

function nameOf(key: ServiceKey): string {
  return 'mark' in key
    ? `mark ${key.mark}${key.family ? ' of IPv6' : ''}`
    : `${key.protocol} ${key.address}:${key.port}`
}
function serverName({ destination: { address, port } }: { destination: { address: string; port: number } }): string {
  return `${address} ${port}`
}

/** An edit to what it is already. */
function isIdle({ request, was }: PlannedChange): boolean {
  return was !== undefined && 'settings' in request && plain(request.settings) === plain(was)
}

/** Fields in one order, with their defaults. Without persistence the mask does not count. */
function plain(settings: ServiceSettingsInfo | DestinationSettingsInfo): string {
  if ('scheduler' in settings) {
    const { scheduler, persistence, netmask, onePacket, schedFlags, clientAddress = 'none', engine = '' } = settings
    return [scheduler, persistence, persistence > 0 && netmask, onePacket, schedFlags, clientAddress, engine].join()
  }
  const { method, tunnel, weight, upperThreshold, lowerThreshold } = settings
  const { type, port, checksum } = tunnel ?? { type: 'ipip', port: 0, checksum: 'none' }
  return [method, method === 'tunnel' && [type, port, checksum], weight, upperThreshold, lowerThreshold].join()
}
