import type { MacAddr } from '../wire/addr.js'

/** An interface of the director, as the path knows it. `index` numbers the links from 0, in the order they were given. */
export interface Link {
  readonly index: number
  readonly name: string
  readonly mac: MacAddr
  /** Octets of an IP packet that may leave here, Ethernet header not counted. */
  readonly mtu: number
  /** The host's kernel lives on it too: what is nobody's here is the kernel's. */
  readonly isBeside: boolean
}
