import type { Destination } from '../service/destination.js'
import type { Service } from '../service/service.js'

/** What the tables of mh and sh are made of, besides each real server's address and port. */
export interface HashOrder {
  /** The real servers in the order in which they take their shares. */
  readonly servers: (service: Service) => readonly Destination[]
  /** The weight that mh goes by. */
  readonly mhWeight: (dest: Destination) => number
}

/** The kernel's: newest first, and mh remembers the weight of a server that was edited to 0. It depends on what was before. */
export const AS_IT_CAME: HashOrder = {
  servers: service => [...service.destinations],
  mhWeight: dest => dest.lastWeight,
}

/**
 * By the rules alone: as AS_IT_CAME is right after `ipvsadm -Sn | ipvsadm -R`, which adds servers by address and port and
 * knows no former weight. So directors with the same rules have the same tables (docs/fleet.md).
 */
export const BY_THE_RULES: HashOrder = {
  servers: service => service.destinations.toSorted(byAddressAndPort),
  mhWeight: dest => dest.weight,
}

/** The highest first: it was added last. */
function byAddressAndPort(a: Destination, b: Destination): number {
  return (b.addr >>> 0) - (a.addr >>> 0) || b.port - a.port
}
