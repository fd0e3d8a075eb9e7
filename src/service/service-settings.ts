import type { Ipv4Addr } from '../wire/addr.js'
import type { ClientAddress } from './method.js'

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

/** Whether the kernel has this persistence engine; undefined: none is wanted. */
export function isEngine(name: string | undefined): boolean {
  return name === undefined || name === 'sip'
}
