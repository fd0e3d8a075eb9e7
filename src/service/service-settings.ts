import type { Ipv4Addr } from '../wire/addr.js'
import type { ClientAddress } from './method.js'

/** Flags that belong to the scheduler; sh and mh read the first two, in this order (ipvs-behaviour.md §2.1). */
export const SchedFlag = { FALLBACK: 1, PORT: 2, THIRD: 4 } as const

/** What an edit may change of a service, besides its scheduler. */
export interface ServiceSettings {
  /** Seconds that a client stays with its real server; 0: not persistent. */
  persistence: number
  /** Clients whose addresses are equal under this mask count as one. */
  netmask: Ipv4Addr
  /** Each UDP packet is scheduled on its own. */
  onePacket: boolean
  /** SchedFlag bits. */
  schedFlags: number
  /** How real servers behind FULLNAT learn the client's address; undefined: not at all. */
  clientAddress?: ClientAddress
  /** Persistence engine (--pe). It is kept but not used yet: persistence goes by the client's address. */
  engine?: string
}

/** Whether the kernel has this persistence engine, or `name` is undefined (none). */
export function isEngine(name: string | undefined): boolean {
  return name === undefined || name === 'sip'
}
