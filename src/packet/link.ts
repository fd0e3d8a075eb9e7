import type { MacAddr } from '../wire/addr.js'

/** The loopback interface's, for programs of this host (`io/loopback-device.ts`): as large as an IPv4 packet may be. */
export const LOOPBACK_MTU = 0xffff

/** An interface of the director, as the path knows it. `index` numbers the links from 0, in the order they were given. */
export interface Link {
  readonly index: number
  readonly name: string
  readonly mac: MacAddr
  /** Octets of an IP packet that may leave here, Ethernet header not counted. */
  readonly mtu: number
  /** Whether the host's kernel uses the interface too. Then packets that uvs does not handle go to the kernel. */
  readonly isBeside: boolean
  /** Whether ARP for a service's VIP is answered here although no --vip names it. */
  readonly claims: boolean
}
