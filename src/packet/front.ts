import type { Cidr, Ipv4Addr } from '../wire/addr.js'

/** What an address is to uvs, bits of a number. */
export const AddressKind = {
  /** uvs's own: `--address`, `--vip`, a LIP of FULLNAT. Every packet to it is taken. */
  OWN: 1,
  /** Virtual services stand at it: a packet to one of their (protocol, port) is taken. */
  SERVICE: 2,
  /** A rule for a firewall mark may fit it: every packet to it is taken; what no service wants is given back. */
  MARKED: 4,
  /**
   * Real servers of masquerading services stand at it: a packet from one of their (protocol, port) is taken, unless its
   * destination is KERNEL.
   */
  SERVER: 8,
  /** A real server by tunnel: an ICMP error about IPIP, GRE or UDP to it is taken. */
  TUNNEL: 16,
  /** The host's kernel holds it. */
  KERNEL: 32,
} as const

/** Beside the kernel, whose interface it is; or as the only host on it. */
export type FrontMode = 'beside' | 'exclusive'

/**
 * What decides which IPv4 frames uvs takes from the host that it runs on, and which stay the kernel's. SystemError where
 * there is no more room for what is said.
 */
export interface Front {
  /** Says what an address is, `AddressKind`s together, whatever was said before; 0 forgets it. */
  setKinds(addr: Ipv4Addr, kinds: number): void
  /** All addresses of a block are OWN or MARKED, besides what each is alone. Added twice, it is to be removed twice. */
  addBlock(cidr: Cidr, kinds: number): void
  removeBlock(cidr: Cidr): void
  /** Whether a virtual service stands there. Port 0: at every port. */
  setService(protocol: number, addr: Ipv4Addr, port: number, isThere: boolean): void
  /** Whether a real server of a masquerading service stands there. Port 0: at every port. */
  setServer(protocol: number, addr: Ipv4Addr, port: number, isThere: boolean): void
}
