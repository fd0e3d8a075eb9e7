import type { DestinationKey, RuleChange, ServiceKey } from '../control/protocol/api.js'
import { isHostAddress, parseIpv4, type Ipv4Addr } from '../wire/addr.js'

/**
 * When the VIP of services without a usable real server is withdrawn: never; when all services of it have none; when any has none. A real
 * server is usable if its weight is not 0.
 */
export const WITHDRAW_POLICIES = ['never', 'all', 'any'] as const
export type WithdrawPolicy = (typeof WITHDRAW_POLICIES)[number]

/** idle: there are services, and by the policy none that is worth coming for. gone: there is none. */
export type Readiness = 'ready' | 'idle' | 'gone'

interface Service {
  readonly vip: Ipv4Addr | undefined
  /** 'ADDRESS PORT' of each real server, and whether its weight is not 0. */
  readonly servers: Map<string, boolean>
  usable: number
}

/** Follows rules as they change, and knows of each VIP whether it is to be announced. A change costs the same however many services there are. */
export class ReadyVips {
  readonly #policy: WithdrawPolicy
  readonly #changed: (vip: Ipv4Addr, now: Readiness) => void
  readonly #services = new Map<string, Service>()
  readonly #vips = new Map<Ipv4Addr, { services: number; idle: number; was: Readiness }>()

  /** `changed` hears each change of a VIP. Services of a firewall mark, of IPv6, and of addresses that no host can have, have none. */
  constructor(policy: WithdrawPolicy, changed: (vip: Ipv4Addr, now: Readiness) => void) {
    this.#policy = policy
    this.#changed = changed
  }

  /** A change that the director has carried out. */
  apply(change: RuleChange): void {
    switch (change.op) {
      case 'add-service':
        return this.#addService(change.service)
      case 'delete-service':
        return this.#deleteService(nameOf(change.service))
      case 'add-destination':
      case 'edit-destination':
        return this.#setServer(change.service, change.destination, change.settings.weight > 0)
      case 'delete-destination':
        return this.#setServer(change.service, change.destination, undefined)
    }
  }

  /** All services are gone. */
  clear(): void {
    for (const name of this.#services.keys()) this.#deleteService(name)
  }

  #addService(key: ServiceKey): void {
    this.#services.set(nameOf(key), { vip: vipOf(key), servers: new Map(), usable: 0 })
    this.#count(vipOf(key), 1, 1)
  }
  #deleteService(name: string): void {
    const service = this.#services.get(name)
    if (!service) return
    this.#services.delete(name)
    this.#count(service.vip, -1, service.usable === 0 ? -1 : 0)
  }
  /** `isUsable` undefined: it is gone. */
  #setServer(key: ServiceKey, { address, port }: DestinationKey, isUsable: boolean | undefined): void {
    const service = this.#services.get(nameOf(key))
    if (!service) return
    const name = `${address} ${port}`
    const before = service.usable
    service.usable += Number(isUsable ?? false) - Number(service.servers.get(name) ?? false)
    if (isUsable === undefined) service.servers.delete(name)
    else service.servers.set(name, isUsable)
    this.#count(service.vip, 0, Number(service.usable === 0) - Number(before === 0))
  }

  #count(vip: Ipv4Addr | undefined, services: number, idle: number): void {
    if (vip === undefined) return
    const counts = this.#vips.get(vip) ?? { services: 0, idle: 0, was: 'gone' }
    counts.services += services
    counts.idle += idle
    const now = this.#judge(counts)
    if (now === 'gone') this.#vips.delete(vip)
    else this.#vips.set(vip, counts)
    if (now === counts.was) return
    counts.was = now
    this.#changed(vip, now)
  }
  #judge({ services, idle }: { services: number; idle: number }): Readiness {
    if (services === 0) return 'gone'
    if (this.#policy === 'never') return 'ready'
    return (this.#policy === 'all' ? idle === services : idle > 0) ? 'idle' : 'ready'
  }
}

function nameOf(key: ServiceKey): string {
  return 'mark' in key ? `${key.mark} ${key.family ?? 4}` : `${key.protocol} ${key.address} ${key.port}`
}
function vipOf(key: ServiceKey): Ipv4Addr | undefined {
  const addr = 'mark' in key ? undefined : parseIpv4(key.address)
  return addr !== undefined && isHostAddress(addr) ? addr : undefined
}
