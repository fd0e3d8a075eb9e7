import type { Link } from '../packet/link.js'
import type { Ipv4Addr, MacAddr } from '../wire/addr.js'
import type { HeldFrame } from './waiting-room.js'

/**
 * INCOMPLETE: asked by broadcast, frames are held. REACHABLE: answered. PROBING: the answer is old; it is asked again by
 * unicast and used meanwhile. PERMANENT: from --neighbour. (RFC 4861 §7.3.2's states for ARP, as in Linux.)
 */
export const NeighbourState = { INCOMPLETE: 0, REACHABLE: 1, PROBING: 2, PERMANENT: 3 } as const
export type NeighbourState = (typeof NeighbourState)[keyof typeof NeighbourState]

/** The neighbour that has an address on a link, with its MAC once known. */
export class Neighbour {
  readonly link: Link
  readonly addr: Ipv4Addr
  /** Valid unless INCOMPLETE. */
  mac: MacAddr = { hi: 0, lo: 0 }
  state: NeighbourState = NeighbourState.INCOMPLETE
  /** When it last answered, was last used, was last asked; ms. */
  confirmedAt = 0
  usedAt = 0
  askedAt = 0
  /** Requests since its last answer. */
  asked = 0
  readonly waiting: HeldFrame[] = []
  /** Its number as a next hop of the flow program (director/offload/hops.ts). */
  hop: number | undefined

  constructor(link: Link, addr: Ipv4Addr) {
    this.link = link
    this.addr = addr
  }

  get usable(): boolean {
    return this.state !== NeighbourState.INCOMPLETE
  }
}
