import type { Cidr, Ipv4Addr } from '../wire/addr.js'

/** The kinds of an address, a bit each. */
export const AddressKind = {
  /** uvs's own: `--address`, `--vip`, a LIP of FULLNAT. uvs takes every packet to it. */
  OWN: 1,
  /** A VIP. uvs takes packets to a (protocol, port) of its services. */
  SERVICE: 2,
  /** A --mark rule may match it. uvs takes every packet to it and gives those of no service back. */
  MARKED: 4,
  /**
   * Real servers of method NAT have it. uvs takes packets from a (protocol, port) of theirs, unless the destination is KERNEL.
   */
  SERVER: 8,
  /** A real server of method TUN. uvs takes ICMP errors about IPIP, GRE or UDP to it. */
  TUNNEL: 16,
  /** The host's kernel holds it. */
  KERNEL: 32,
} as const

/** uvs shares the interface with the kernel, or is the only host on it. */
export type FrontMode = 'beside' | 'exclusive'

/**
 * Decides which IPv4 frames uvs takes from its host's kernel and which the kernel keeps. SystemError if there is no room for an
 * entry.
 */
export interface Front {
  /** Sets an address's kinds (`AddressKind` bits) and replaces former ones; 0 removes the entry. */
  setKinds(addr: Ipv4Addr, kinds: number): void
  /** Adds OWN or MARKED to all addresses of a block. A block added twice must be removed twice. */
  addBlock(cidr: Cidr, kinds: number): void
  removeBlock(cidr: Cidr): void
  /** Adds or removes a virtual service. Port 0: every port. */
  setService(protocol: number, addr: Ipv4Addr, port: number, isThere: boolean): void
  /** Adds or removes a real server of method NAT. Port 0: every port. */
  setServer(protocol: number, addr: Ipv4Addr, port: number, isThere: boolean): void
  /** How many SYNs it has dropped because they were over a budget (`--syn-budget`). */
  readonly synsRefused?: number
}
