import { takes } from './shape.js'

/* The network as a director has it now: what its options gave, what was changed since, what it follows of the kernel's, what it learnt. */

/** Lines of a kind in a reply. */
export const NETWORK_MOST = 200

export interface NetworkInfo {
  /** Of the director's interfaces, `address/length`. */
  addresses: { cidr: string; link: string }[]
  /** Those to the largest blocks first; `more`: how many are left out. */
  routes: { rows: RouteShown[]; more: number }
  /** By address. */
  neighbours: { rows: NeighbourShown[]; more: number }
}

export interface RouteShown {
  to: string
  /** Undefined: destinations are neighbours on the link. */
  gateway?: string
  /** Undefined: none of the director's leads there. */
  link?: string
  mtu?: number
  /** Why packets to there go no further: a blackhole, unreachable or prohibit route of the kernel's, or one by another interface. */
  deadEnd?: 'blackhole' | 'unreachable' | 'prohibit' | 'elsewhere'
  /** It follows the kernel's. */
  isKernels?: true
}

/** permanent: by `--neighbour`. incomplete: asked, no answer yet. probing: its last answer is old, and it is asked again. */
export type NeighbourStateName = 'incomplete' | 'reachable' | 'probing' | 'permanent'

export interface NeighbourShown {
  address: string
  link: string
  /** Undefined: incomplete. */
  mac?: string
  state: NeighbourStateName
}

export const network = {
  network: takes({}).returns<NetworkInfo>(),
}
