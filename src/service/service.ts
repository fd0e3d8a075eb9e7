import type { Ipv4Addr } from '../wire/addr.js'
import type { Destination } from './destination.js'
import type { ServiceIdentity } from './service-identity.js'
import type { Sysctls } from './sysctls.js'
import type { NotYetServer } from './not-yet.js'
import type { ServiceSettings } from './service-settings.js'

/** A virtual service and its real servers. */
export class Service implements ServiceIdentity {
  readonly protocol: number
  readonly addr: Ipv4Addr
  readonly port: number
  readonly mark: number
  /** The four fields above in an object that may outlive the service. */
  readonly identity: ServiceIdentity
  settings: ServiceSettings
  /** For schedulers that read one. */
  readonly sysctls: Sysctls
  /** Newest first, the order of the kernel's schedulers (ipvs-behaviour.md §2.3). */
  readonly destinations: Destination[] = []
  /** Real servers of IPv6: only listed, no packet meets them. Newest first. */
  readonly notYet: NotYetServer[] = []
  /** LIPs: addresses of the director that FULLNAT connections come from, in the order they were added. */
  readonly localAddresses: Ipv4Addr[] = []
  /** Index of the LIP that the next connection tries first, modulo their number. */
  nextLocalAddress = 0
  /** Its row of counters. */
  readonly counters: number

  constructor(identity: ServiceIdentity, settings: ServiceSettings, counters: number, sysctls: Sysctls) {
    this.protocol = identity.protocol
    this.addr = identity.addr
    this.port = identity.port
    this.mark = identity.mark
    this.identity = { protocol: this.protocol, addr: this.addr, port: this.port, mark: this.mark }
    this.settings = settings
    this.counters = counters
    this.sysctls = sysctls
  }

  destination(addr: Ipv4Addr, port: number): Destination | undefined {
    return this.destinations.find(dest => dest.addr === addr && dest.port === port)
  }
}
