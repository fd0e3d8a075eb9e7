import type { ServiceInfo } from '../../../../control/protocol/api.js'
import { serviceIdentity } from '../../../../fleet/fleet-rules.js'

/** Services as a director lists them, counted as they come and go: the state that is published with each change has the sums. */
export class AppliedServices {
  realServers = 0
  /** Those none of whose real servers has a weight above 0. */
  servicesDown = 0
  /** Of weight 0. */
  realServersDown = 0
  /** By identity: those with a real server of weight 0. */
  readonly partlyDown = new Map<string, ServiceInfo>()
  readonly #all = new Map<string, ServiceInfo>()

  constructor(all: Iterable<ServiceInfo> = []) {
    for (const service of all) this.set(service)
  }

  get size(): number {
    return this.#all.size
  }
  get(identity: string): ServiceInfo | undefined {
    return this.#all.get(identity)
  }
  values(): Iterable<ServiceInfo> {
    return this.#all.values()
  }

  set(service: ServiceInfo): void {
    const identity = serviceIdentity(service)
    this.delete(identity)
    this.#all.set(identity, service)
    if (this.#count(service, 1) > 0) this.partlyDown.set(identity, service)
  }
  delete(identity: string): void {
    const there = this.#all.get(identity)
    if (!there) return
    this.#all.delete(identity)
    this.partlyDown.delete(identity)
    this.#count(there, -1)
  }

  /** Returns its real servers of weight 0. */
  #count({ destinations }: ServiceInfo, sign: 1 | -1): number {
    const down = destinations.filter(({ weight }) => weight === 0).length
    this.realServers += sign * destinations.length
    this.realServersDown += sign * down
    if (down === destinations.length) this.servicesDown += sign
    return down
  }
}
