/*
 * What the steps of flow-program.ts are made of: its maps, where a frame has its fields, its stack.
 *
 * r6 the frame, r8 the flow's slot, r9 octets of the IP packet.
 */
import {
  add,
  and,
  call,
  fetchAdd64,
  fp,
  Helper,
  jumpIf,
  load32,
  mov,
  mov32,
  r0,
  r1,
  r2,
  r3,
  r4,
  r5,
  r6,
  r7,
  r8,
  shiftRight,
  Skb,
  store64,
  type Code,
  type Register,
} from './instructions.js'
import { DIRECTOR_BITS } from '../packet/flow-slot.js'
import { pointTo } from './frame-parts.js'

/** File descriptors and sizes; plain data: it can be posted to threads. Each thread has a part of hops and links, and its share of flows. */
export interface FlowMaps {
  /** An array of buckets of slots (flow-places.ts, packet/flow-slot.ts), so many and one that is nobody's. Mapped into memory, as the following. */
  readonly slots: number
  readonly buckets: number
  /** An array of notes, one a slot: the directors' alone. */
  readonly notes: number
  /** Of the hash that tells a flow's bucket. */
  readonly seed: number
  /** An array of next hops, 64 bits each: the MAC as it stands in the frame, in the upper 16 bits the number of the link. */
  readonly hops: number
  /** An array of links: 64 bits the source MAC, 32 bits the interface's index. Link 0 is nobody's: its index is 0. */
  readonly links: number
  /** An array of one: `Globals`. */
  readonly globals: number
  /** Where flows outlive their director: an array of what is kept of them, by slot (packet/kept-flow.ts). */
  readonly records?: number | undefined
  readonly parts: number
  /** The most flows of a part. */
  readonly flowsAPart: number
  readonly hopsAPart: number
}
export const HOP_LEN = 8
export const LINK_LEN = 16
/** Where a link has its interface's index. */
export const LINK_IFINDEX = 8
/** A hop's upper bits are the number of its link. */
export const LINK_SHIFT = 48
export const LINKS_A_PART = 256
export const MOST_PARTS = 2 ** DIRECTOR_BITS
/** SEEN counts 2^20 ns. */
export const SEEN_BITS = 20
/**
 * Octets of the one value of `globals`, and where they are: how many frames were lost, 64 bits; 32 bits each: of how many parts flows are
 * entered; an epoch a part. Where flows are kept (keep-steps.ts): LAYOUT; BEAT, when the director was seen to live, in SEEN's unit; LONGEST, the longest timeout of
 * its flows, the same; HANDED_OVER, not 0: another director takes the flows over.
 */
export const Globals = {
  LOST: 0,
  PARTS_WITH_FLOWS: 8,
  EPOCHS: 12,
  LAYOUT: 12 + MOST_PARTS * 4,
  BEAT: 16 + MOST_PARTS * 4,
  LONGEST: 20 + MOST_PARTS * 4,
  HANDED_OVER: 24 + MOST_PARTS * 4,
  LEN: 28 + MOST_PARTS * 4,
} as const
/** Rises with every change of what is kept: slots, records, keys, globals. */
export const LAYOUT = 0x75767303

/** Where a frame has its fields: of an Ethernet and an IPv4 header without options, and of TCP and UDP. */
export const At = {
  ETHER_TYPE: 12,
  VERSION: 14,
  LENGTH: 16,
  ID: 18,
  FRAGMENT: 20,
  TTL: 22,
  PROTOCOL: 23,
  HEADER_CHECK: 24,
  SRC: 26,
  DST: 30,
  PORTS: 34,
  UDP_LENGTH: 38,
  UDP_CHECK: 40,
  UDP_END: 42,
  TCP_DATA_OFFSET: 46,
  TCP_FLAGS: 47,
  TCP_CHECK: 50,
  TCP_END: 54,
  /** Behind the first four octets of TCP's options. */
  OPTION_END: 58,
} as const

// Places on the stack, each stored whole and below those of front-parts.ts.
export const KEY = -112
/** The protocol, in the upper half. */
export const KEY_PORTS = KEY + 8
/** The frame's first octets as they will be, up to the ports: 38. */
export const HEAD = -152
/** 64 bits each. */
export const [BUCKET, LINK_NUMBER, NEXT_MAC, CHECK] = [-160, -168, -176, -184]
/** 64 bits each. Of the slot, as it was read: EPOCH, FORM, ADDRESS_SUM with PORT_SUM above it; and where the part's epoch is. */
export const [EPOCH_READ, FORM_READ, SUMS_READ, EPOCH_AT] = [-192, -200, -208, -224]
/** What `inOrder` adds nothing to. */
export const ORDER = -216
/** The first octets of a frame that goes into a tunnel: by IPIP up to the inner header's checksum, 46; else up to the inner header. */
export const TUNNEL_HEAD = -272
/** 64 bits: octets of a tunnel's headers. */
export const OUTER_LEN = -280

/** On here the frame, unchanged but for octets behind its packet, goes to the front's own steps. */
export const UP = 'comes up'
export const LOST = 'lost'

/**
 * What is read before it is read before what follows. Processors of x64 do so anyway; elsewhere an operation on the stack that returns
 * what was there orders all others (Documentation/bpf/standardization, "fetch"). r1 holds nothing.
 */
export function inOrder(isStrong = process.arch === 'x64'): Code {
  return isStrong ? [] : [mov(r1, 0), store64(fp, ORDER, r1), fetchAdd64(fp, ORDER, r1)]
}
/** `data` = where the frame begins; on at `otherwise` if the octets before `end` are not at hand. r2, r3 hold nothing. */
export function atHand(data: Register, end: number, otherwise: string): Code {
  return [
    load32(data, r6, Skb.DATA), // skb->data
    load32(r2, r6, Skb.DATA_END), // skb->data_end
    mov(r3, data),
    add(r3, end),
    jumpIf(r3, '>', r2, otherwise),
  ]
}
/** Folds the upper bits of a one's complement sum into the lower ones, of which there are so many. */
export function foldInto(sum: Register, bits: 16 | 32, scratch: Register): Code {
  return [
    mov(scratch, sum),
    shiftRight(scratch, bits),
    bits === 32 ? mov32(sum, sum) : and(sum, 0xffff),
    add(sum, scratch),
  ]
}
/** On at `otherwise` if the checksum of the IPv4 header of 20 octets is wrong that begins at r7 + `at`. r2, r3 hold nothing. */
export function headerSum(at: number, otherwise: string): Code {
  return [
    load32(r2, r7, at),
    [4, 8, 12, 16].map(word => [load32(r3, r7, at + word), add(r2, r3)]),
    foldInto(r2, 32, r3),
    foldInto(r2, 16, r3),
    foldInto(r2, 16, r3),
    jumpIf(r2, '!=', 0xffff, otherwise),
  ]
}
/** `to` = a word of the flow's slot. */
export function loadSlot(to: Register, word: number): Code {
  return load32(to, r8, word * 4)
}
/** Writes `octets` octets of the frame's beginning, from a place on the stack; on at `otherwise` if that cannot be. */
export function writeFrame(place: number, octets: number, otherwise: string): Code {
  return [mov(r2, 0), mov(r4, octets), writeOctets(place, otherwise)]
}
/** The same of r4 octets of the frame, from r2 on. `flags`: that the kernel is to mend the sum that a NIC has taken of the frame. */
export function writeOctets(place: number, otherwise: string, flags = 0): Code {
  return [
    mov(r1, r6),
    pointTo(r3, place),
    mov(r5, flags),
    call(Helper.SKB_STORE_BYTES), // bpf_skb_store_bytes(skb, r2, place, r4, flags)
    jumpIf(r0, '!=', 0, otherwise),
  ]
}
/** Mends the checksum at `at` by r4; on at `otherwise` if that cannot be, and nothing is changed. */
export function mend(at: number, flags: number, otherwise: string): Code {
  return [
    mov(r1, r6),
    mov(r2, at),
    mov(r3, 0),
    mov(r5, flags),
    call(Helper.L4_CSUM_REPLACE), // bpf_l4_csum_replace(skb, at, 0, r4, flags)
    jumpIf(r0, '!=', 0, otherwise),
  ]
}
