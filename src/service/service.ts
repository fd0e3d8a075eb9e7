import type { Ipv4Addr } from '../wire/addr.js'
import type { Destination } from './destination.js'
import type { ClientAddress } from './method.js'
import type { ServiceIdentity } from './service-identity.js'
import type { Sysctls } from './sysctls.js'
import type { NotYetServer } from './not-yet.js'

/** Flags that belong to the scheduler; sh and mh read the first two, in this order (ipvs-behaviour.md §2.1). */
export const SchedFlag = { FALLBACK: 1, PORT: 2, THIRD: 4 } as const

/** What can be edited of a service, its scheduler apart. */
export interface ServiceSettings {
  /** Seconds that a client stays with its real server; 0: not persistent. */
  persistence: number
  /** Clients that are taken for one: a mask over their addresses. */
  netmask: Ipv4Addr
  /** Every UDP packet is scheduled anew. */
  onePacket: boolean
  /** SchedFlag bits. */
  schedFlags: number
  /** How real servers behind FULLNAT learn who the client is; not at all unless given. */
  clientAddress?: ClientAddress
  /** Persistence engine (--pe): kept, not used yet. Clients stay by their address, as without it. */
  engine?: string
}

/** undefined: none is wanted. */
export function isEngine(name: string | undefined): boolean {
  return name === undefined || name === 'sip'
}

/** A virtual service: what is balanced, over whom. */
export class Service implements ServiceIdentity {
  readonly protocol: number
  readonly addr: Ipv4Addr
  readonly port: number
  readonly mark: number
  /** The four of them: what may outlive the service. */
  readonly identity: ServiceIdentity
  settings: ServiceSettings
  /** The kernel's knobs, for schedulers that read one. */
  readonly sysctls: Sysctls
  /** Newest first: the order in which the kernel's schedulers walk them (ipvs-behaviour.md §2.3). */
  readonly destinations: Destination[] = []
  /** Real servers of IPv6: listed among the others, met by no packet. Newest first. */
  readonly notYet: NotYetServer[] = []
  /** Addresses of the director that its FULLNAT connections come from, in the order they were given. */
  readonly localAddresses: Ipv4Addr[] = []
  /** Which of them the next connection tries first; counts on. */
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

  destination(addr: number, port: number): Destination | undefined {
    return this.destinations.find(dest => dest.addr === addr && dest.port === port)
  }
}
