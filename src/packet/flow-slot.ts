/*
 * A flow is one direction of a connection whose packets the kernel forwards for us (ebpf/flow-program.ts), as the fast path would.
 * What the director has decided of it stands in its slot, one of an array that the program and the director share. A slot is 16
 * words (64 octets: a cache line); slot 0 is nobody's.
 *
 * Sums are what is to be added to the complement of a checksum (RFC 1624), folded to 16 bits, not 0, their octets swapped: as a
 * little-endian program reads them.
 */

export const SLOT_WORDS = 16

/** The flow is forwarded while this is the epoch of its director (flow-table.ts), whose number is in the lower 4 bits. Else one of these. */
export const EPOCH = 0
/** A word less than −15 is an epoch in which, negated, the flow is forwarded when the turn ends that has decided it. */
export const SlotState = {
  /** Nobody's, as all are at first. */
  FREE: 0,
  /** Somebody watches the flow: its packets come up. */
  WATCHED: -1,
  /** Its flow has left: a packet may still be under way that counts in it. */
  RESTING: -2,
  /** A director's that is about to write it. */
  CLAIMED: -3,
} as const
/** Of an epoch, the number of the director that has it. */
export const DIRECTOR_BITS = 4
/** From one epoch of a director to the next. */
export const EPOCH_STEP = 1 << DIRECTOR_BITS
/** Index of the next hop. */
export const HOP = 1
/** `FlowForm` bits, in the uppermost 8 bits the protocol of the flow, and before them how long it is kept (kept-flow.ts). */
export const FORM = 2
/** Octets of an IP packet that may leave. */
export const MTU = 3
/**
 * The addresses and ports to write, as they stand in the frame. Of a tunnel, its two ends, and what stands behind its outer IPv4 header: of
 * GUE UDP's ports, of GRE its header.
 */
export const SRC = 4
export const DST = 5
export const PORTS = 6
/** For the IPv4 header: addresses and the TTL, which falls by one. */
export const HEADER_SUM = 7
/**
 * For TCP and UDP: addresses, which a partial checksum covers too; and ports. Of a tunnel: what all its outer headers have in common; and of those
 * octets 20 to 23 of the frame, without the TTL.
 */
export const ADDRESS_SUM = 8
export const PORT_SUM = 9
/** Written by the program, 64 bits: packets (24 bits), above them octets of IP packets (40 bits). Both wrap. */
export const COUNT_LOW = 10
export const COUNT_HIGH = 11
/** Written by the program: when the last packet came, in `FlowTable.now`'s unit. */
export const SEEN = 12
/** ms in a unit of SEEN's clock. */
export const SEEN_UNIT_MS = 2 ** 20 / 1e6
/** The key of the slot's own flow: a packet with another key is not forwarded from it. KEY_SRC and KEY_DST are read together. */
export const KEY_PORTS = 13
export const KEY_SRC = 14
export const KEY_DST = 15
/** The protocol is FORM >>> PROTOCOL_SHIFT. */
export const PROTOCOL_SHIFT = 24

export const FlowForm = {
  /** Addresses and ports are written. Without it, direct routing, only MACs and TTL. */
  TRANSLATED: 1,
  /** A TCP segment with options other than a timestamp comes up: it might claim a client's address (TOA). */
  CHECK_OPTIONS: 2,
  OUTBOUND: 4,
  /**
   * With DF, the packet is put into a tunnel, whose outer header has DF; without, it comes up, as the director counts identifications. The tunnel is
   * by IPIP, or by GRE or GUE without a checksum.
   */
  TUNNEL: 8,
  GRE: 16,
  GUE: 32,
} as const

/** What the director notes of each slot, beside it: no program reads it. Words of a note, and which they are: the flow whose slot it is, and COUNT as it was taken last. */
export const NOTE_WORDS = 4
export const [NOTE_OWNER, NOTE_LOW, NOTE_HIGH] = [0, 1, 2]

/** COUNT has packets in so many lower bits, octets above them. */
export const PACKET_BITS = 24
