import type { Ipv4Addr } from '../../wire/addr.js'

/** Takes an IP packet that came in by an interface: `len` octets at `at`, the caller's again afterwards. */
export type TakePacket = (name: string, view: DataView<ArrayBufferLike>, at: number, len: number) => void

/**
 * Interfaces that a director holds alone: the kernel hears nothing there and has no address. Adverts come from the director and leave by
 * it, and it answers for virtual addresses. Nothing here throws.
 */
export interface OwnInterfaces {
  has(name: string): boolean
  /** Whether the interface may be in another network namespace, where the kernel does not tell us of it: a TAP device may. */
  mayBeElsewhere(name: string): boolean
  /** The director's addresses there, the first one first. */
  addresses(name: string): readonly Ipv4Addr[]
  /** From now on adverts are kept until they are heard; where room is short, those of these virtual routers. */
  open(vrids: readonly number[]): void
  /** Hands over at most `most` packets that have come since; returns how many. */
  hear(take: TakePacket, most: number): number
  /** Sends an IPv4 packet by the interface; to a peer, by the director's route to it. */
  send(name: string, packet: Uint8Array): void
  /** Tells by gratuitous ARP that the address is here: after the director has it, if it gets it now. */
  announce(name: string, addr: Ipv4Addr): void
  /** The director answers for the address that was put on the interface, and no longer. */
  hold(name: string, addr: Ipv4Addr): void
  letGo(name: string, addr: Ipv4Addr): void
  close(): void
}

/** The kernel holds the addresses of every interface. */
export const NO_OWN_INTERFACES: OwnInterfaces = {
  has: () => false,
  mayBeElsewhere: () => false,
  addresses: () => [],
  open: nothing,
  hear: () => 0,
  send: nothing,
  announce: nothing,
  hold: nothing,
  letGo: nothing,
  close: nothing,
}

function nothing(): void {}
