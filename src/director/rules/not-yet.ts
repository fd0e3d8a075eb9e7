/*
 * Services of IPv6, and real servers of another family than their service, are kept and listed but not served. These are the
 * operations on them, with the kernel's refusals (ipvs-behaviour.md §14.1). No packet comes here.
 */
import { Method } from '../../service/method.js'
import type { KernelOrder } from '../../service/kernel-order.js'
import { isEngine } from '../../service/service-settings.js'
import {
  findServer,
  formatAddress,
  NotYetService,
  type Address,
  type ServerSettings,
  type NotYetIdentity,
  type NotYetServer,
  type NotYetSettings,
} from '../../service/not-yet.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import { formatIpv6, isRoutableIpv6 } from '../../wire/ipv6-addr.js'
import { endpointName, nameOfService, serviceName } from './service-name.js'
import type { Refusal } from './refusal.js'
import type { ScheduledService } from './scheduled-service.js'

const LONGEST_PREFIX = 128

/** A service in listings: served, or only kept. */
export type ListedService = ScheduledService | NotYetService

export interface NotYetOptions {
  schedulers: ReadonlyMap<string, unknown>
  /** The kernel's test of a new real server's address. */
  mayBeRealServer: (addr: Ipv4Addr) => boolean
  /** The listing shared with the services that are served. */
  listed: Pick<KernelOrder<NotYetService>, 'add' | 'remove' | 'changed'>
  nextOrder: () => number
  /** Is told, in a line, of each service and real server that is kept but not served. */
  notServed: (what: string) => void
}

/** The service that a real server which is not served belongs to. */
export interface Home {
  readonly family: 4 | 6
  readonly servers: NotYetServer[]
  readonly name: string
}

export class NotYet {
  readonly #services = new Map<string, NotYetService>()
  readonly #options: NotYetOptions

  constructor(options: NotYetOptions) {
    this.#options = options
  }

  find(identity: NotYetIdentity): NotYetService | undefined {
    return this.#services.get(nameOf(identity))
  }

  addService(identity: NotYetIdentity, settings: NotYetSettings): Refusal | undefined {
    const name = nameOf(identity)
    if (this.#services.has(name)) return 'EEXIST'
    const refusal = this.#refusal(settings)
    if (refusal) return refusal
    const service = new NotYetService(identity, settings)
    this.#services.set(name, service)
    this.#options.listed.add(service)
    this.#options.notServed(`${name}: IPv6`)
    return undefined
  }
  editService(service: NotYetService, settings: NotYetSettings): Refusal | undefined {
    const refusal = this.#refusal(settings)
    if (refusal) return refusal
    service.settings = settings
    this.#options.listed.changed()
    return undefined
  }
  deleteService(service: NotYetService): void {
    this.#services.delete(nameOf(service))
    this.#options.listed.remove(service)
  }
  clear(): void {
    for (const service of this.#services.values()) this.deleteService(service)
  }

  addServer(home: Home, address: Address, port: number, settings: ServerSettings): Refusal | undefined {
    const { family, servers, name } = home
    const refusal = serverRefusal(home, address, settings)
    if (refusal) return refusal
    if (findServer(servers, address, port)) return 'EEXIST'
    if (!this.#mayBeRealServer(address)) return 'EINVAL'
    this.#options.listed.changed()
    servers.unshift({ address, port, settings, order: this.#options.nextOrder() })
    const text = endpointName(formatAddress(address), port)
    if (family === 4) this.#options.notServed(`real server ${text} of ${name}: IPv6`)
    return undefined
  }
  editServer(home: Home, address: Address, port: number, settings: ServerSettings): Refusal | undefined {
    const refusal = serverRefusal(home, address, settings)
    if (refusal) return refusal
    const server = findServer(home.servers, address, port)
    if (!server) return 'ENOENT'
    server.settings = settings
    this.#options.listed.changed()
    return undefined
  }
  deleteServer({ servers }: Home, address: Address, port: number): Refusal | undefined {
    const server = findServer(servers, address, port)
    if (!server) return 'ENOENT'
    servers.splice(servers.indexOf(server), 1)
    this.#options.listed.changed()
    return undefined
  }

  #refusal({ scheduler, engine, prefix }: NotYetSettings): Refusal | undefined {
    if (!this.#options.schedulers.has(scheduler) || !isEngine(engine)) return 'ENOENT'
    return prefix >= 1 && prefix <= LONGEST_PREFIX ? undefined : 'EINVAL'
  }
  #mayBeRealServer(address: Address): boolean {
    return address.family === 6 ? isRoutableIpv6(address.addr) : this.#options.mayBeRealServer(address.addr)
  }
}

function serverRefusal({ family }: Home, address: Address, settings: ServerSettings): Refusal | undefined {
  if (address.family !== family && settings.method !== Method.TUNNEL) return 'EINVAL'
  return settings.lowerThreshold > settings.upperThreshold ? 'ERANGE' : undefined
}

function nameOf({ mark, protocol, address, port }: NotYetIdentity): string {
  return serviceName(mark, protocol, formatIpv6(address), port)
}

/** The home of the service's real servers that are not served. */
export function homeOf(service: ListedService): Home {
  if (service instanceof NotYetService) return { family: 6, servers: service.servers, name: nameOf(service) }
  return { family: 4, servers: service.notYet, name: nameOfService(service) }
}
