import type { MacAddr } from '../wire/addr.js'

/** An interface of the director as the core knows it. `index` numbers the ports from 0, in the order they were given. */
export interface Port {
  readonly index: number
  readonly name: string
  readonly mac: MacAddr
  /** Octets of an IP packet that may leave here, Ethernet header not counted. */
  readonly mtu: number
}
